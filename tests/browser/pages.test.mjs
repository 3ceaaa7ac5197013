// report.html and explore.html in a browser: what they show is what their JSON says, they need no network, and they answer to mouse and keyboard.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chartData, launch, open, out, readJson, runTessera } from "./browser.mjs";

const studies = join(dirname(fileURLToPath(import.meta.url)), "../../apps/studies");
const browser = await launch();
after(() => browser.close());

/// The jet tagger on boards of which so little is usable that it takes several.
function severalBoards(topology, board = { type: "KU15P", usable: 0.02 }, name = topology.kind) {
  const study = { ...readJson(join(studies, "jet_mlp.json")), board, boards_available: 64, topology };
  writeFileSync(out(`${name}.json`), JSON.stringify(study));
  const run = runTessera(name, "run", out(`${name}.json`));
  return { url: `file://${run}/report.html`, report: readJson(join(run, "report.json")), html: join(run, "report.html") };
}

const panel = severalBoards({ kind: "patch_panel" });
const torus = severalBoards({ kind: "torus2d" });
const exploration = `file://${runTessera("exploration", "explore", join(studies, "jet_mlp_exploration.json"), "--sensitivity")}/explore.html`;
const explored = readJson(out("exploration/explore.json"));

test("a run's page needs no network, says nothing wrong, and fits a phone, a screen and paper", async () => {
  assert.ok(panel.report.boards.of_one_time_node > 1);
  for (const width of [1240, 500]) {
    const { page, complaints } = await open(browser, panel.url, { width });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= width);
    assert.deepEqual(complaints, []);
    await page.screenshot({ path: out(`report_${width}.png`), fullPage: true });
    await page.pdf({ path: out("report.pdf"), preferCSSPageSize: true });
    await page.close();
  }
});

test("the charts of a run have the figures of report.json", async () => {
  const { report } = panel;
  const { page } = await open(browser, panel.url);
  const steps = (await page.evaluate(() => charts.waterfall.getOption().series.flatMap(each => each.data))).map(({ value }) => value);
  assert.equal(steps.length, report.latency_ns.breakdown.length);
  assert.ok(Math.abs(steps.reduce((sum, [, begin, end]) => sum + end - begin, 0) - report.latency_ns.simulated.max) < 0.01);

  const boards = (await chartData(page, "boards")).map(({ value }) => value[2]);
  assert.deepEqual(boards, report.board_utilisation.map(each => each.lut));
  await page.locator("select").first().selectOption("ports_tx");
  assert.deepEqual((await chartData(page, "boards")).map(({ value }) => value[2]), report.board_utilisation.map(each => each.ports_tx));

  const spans = (await chartData(page, "timeline")).map(({ board, value }) => [board, value[1], value[2]]).sort((a, b) => a[0] - b[0]);
  assert.deepEqual(spans, report.timeline.map((span, board) => [board, span.begin_ns, span.end_ns]));
  const held = (await chartData(page, "layers")).reduce((sum, { value }) => sum + value[2], 0);
  const planned = report.floor_plan.flat().reduce((sum, each) => sum + each.fraction, 0);
  assert.ok(Math.abs(held - planned) < 1e-6);
  assert.equal((await chartData(page, "links")).reduce((sum, count) => sum + count, 0), report.links.of_one_time_node.length);
  await page.close();
});

test("of several types of board the page says how many of each are used, and what they dissipate", async () => {
  const board = [{ type: "VU9P", boards: 1, usable: 0.01 }, { type: "KU15P", boards: 40, usable: 0.015 }];
  const { url, report } = severalBoards({ kind: "patch_panel" }, board, "mixed");
  const { page, complaints } = await open(browser, url);
  const tiles = await page.locator(".tiles").innerText();
  assert.match(tiles, new RegExp(`1 of 1 VU9P, ${report.boards.types[1].used} of 40 KU15P`));
  assert.match(tiles, /W on VU9P, [0-9]+ W on KU15P/);
  assert.deepEqual(complaints, []);
  await page.close();
});

test("boards are drawn where their topology has them, and joined by the links of the mapping", async () => {
  const { page } = await open(browser, torus.url);
  assert.deepEqual((await chartData(page, "floor_plan")).map(({ value }) => value), torus.report.places);
  const drawn = await page.evaluate(() => charts.floor_plan.getOption().series[0].links.map(each => `${each.source} ${each.target}`));
  const inside = torus.report.links.of_one_time_node.filter(link => link.from !== "outside" && link.to !== "outside");
  assert.deepEqual(new Set(drawn), new Set(inside.map(link => `${link.from} ${link.to}`)));
  await page.screenshot({ path: out("report_torus.png"), fullPage: true });
  await page.close();
});

test("the keyboard alone reaches a row of a table, and the chart shows what it is about", async () => {
  const { page, complaints } = await open(browser, panel.url);
  await page.locator("summary").first().focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");  // the table scrolls
  if (await page.evaluate(() => document.activeElement.tagName !== "TR")) await page.keyboard.press("Tab");
  const stage = panel.report.latency_ns.breakdown[0].stage;
  assert.match(await page.evaluate(() => document.activeElement.innerText), new RegExp(stage.slice(0, 8)));
  await page.locator(".chart").first().getByText(`${panel.report.latency_ns.breakdown[0].kind}:`).waitFor();
  assert.deepEqual(complaints, []);
  await page.close();
});

test("without the chart library the tables stand alone, and the page says why", async () => {
  const html = readFileSync(panel.html, "utf8");
  const begin = html.indexOf("<script>"), end = html.indexOf("</script>", begin);
  writeFileSync(out("without_charts.html"), html.slice(0, begin) + html.slice(end + "</script>".length));
  const { page, complaints } = await open(browser, `file://${out("without_charts.html")}`);
  assert.equal(await page.getByText("its chart library is missing").count(), 1);
  assert.equal(await page.locator(".chart").count(), 0);
  assert.equal(await page.locator("details[open] tbody").first().locator("tr").count(), panel.report.latency_ns.breakdown.length);
  assert.deepEqual(complaints, []);
  await page.close();
});

test("the charts of an exploration have the figures of explore.json", async () => {
  for (const width of [1240, 500]) {
    const { page, complaints } = await open(browser, exploration, { width });
    const statuses = ["pass", "fail", "no mapping", "error"];
    for (const [i, status] of statuses.entries())
      assert.equal((await chartData(page, "parallel", i)).length, explored.points.filter(point => point.status === status).length);
    const front = (await chartData(page, "frontier", 2)).map(({ value }) => value);
    const best = explored.points.filter(point => explored.frontier.points.includes(point.id)).map(point => [point.boards, point.latency_ns]);
    assert.deepEqual(front.sort(), best.sort());
    assert.deepEqual((await chartData(page, "tornado")).map(({ value }) => value), explored.sensitivity.slice(0, 24).map(each => each.latency_ns));
    for (const { point, value } of await chartData(page, "map")) assert.equal(value[2], statuses.indexOf(explored.points.find(each => each.id === point.id).status));
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= width);
    assert.deepEqual(complaints, []);
    await page.screenshot({ path: out(`explore_${width}.png`), fullPage: true });
    await page.close();
  }
});

test("one parameter alone: what each of its values takes", async () => {
  const single = { name: "bits alone", study: join(studies, "jet_mlp.json"), axes: [{ name: "bits", path: "/precision/weights", list: [4, 8, 99] }] };
  writeFileSync(out("single.json"), JSON.stringify(single));
  const { page, complaints } = await open(browser, `file://${runTessera("single", "explore", out("single.json"))}/explore.html`);
  const { points } = readJson(out("single/explore.json"));
  assert.deepEqual((await chartData(page, "values", 0)).map(({ value }) => value), points.map(point => point.boards ?? 0));
  assert.deepEqual((await chartData(page, "values", 1)).map(({ value }) => value), points.map(point => point.latency_ns ?? 0));
  assert.deepEqual(complaints, []);
  await page.close();
});

test("a brush along an axis keeps what runs through it", async () => {
  const { page, complaints } = await open(browser, exploration);
  await page.evaluate(() => charts.parallel.getDom().scrollIntoView({ block: "center" }));
  const [x, y] = await page.evaluate(() => {
    const box = charts.parallel.getDom().getBoundingClientRect(), { coordinateSystem } = charts.parallel.getModel().getComponent("parallel");
    const at = coordinateSystem.dataToPoint("pass", coordinateSystem.dimensions.at(-1));
    return [box.x + at[0], box.y + at[1]];
  });
  await page.mouse.move(x, y - 12);
  await page.mouse.down();
  await page.mouse.move(x, y + 12, { steps: 6 });
  await page.mouse.up();
  const passes = explored.points.filter(point => point.status === "pass").length;
  assert.ok(passes < explored.points.length);
  await page.getByText(`${passes} of ${explored.points.length} points`).waitFor();
  assert.equal(await page.locator(".points tbody tr").count(), passes);
  assert.deepEqual(complaints, []);
  await page.close();
});

test("selecting a point opens its run", async () => {
  const { page } = await open(browser, exploration);
  for (const name of ["map", "frontier"]) {
    await page.evaluate(chart => charts[chart].getDom().scrollIntoView({ block: "center" }), name);
    const [x, y, there] = await page.evaluate(chart => {
      const series = charts[chart].getOption().series.length - 1, { data } = charts[chart].getOption().series[series];
      const [{ value }] = data, there = data.filter(other => String(other.value) === String(value)).map(({ point }) => point.id);
      const box = charts[chart].getDom().getBoundingClientRect(), at = charts[chart].convertToPixel({ seriesIndex: series }, value);
      return [box.x + at[0], box.y + at[1], there];
    }, name);
    const opened = page.context().waitForEvent("page");
    await page.mouse.click(x, y);
    const run = await opened;
    await run.waitForLoadState();
    assert.ok(there.some(id => run.url().endsWith(`points/${id}/report.html`)));
    assert.ok((await run.title()).includes("Tessera report"));
    await run.close();
  }
  await page.locator(".points a").first().press("Enter");
  await page.waitForURL(`**/points/${explored.points[0].run}/report.html`);
  await page.close();
});
