// `tessera serve` in a browser: sliders change the estimate and the bounds at once and the verdict soon after; Ctrl-C ends it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, open, out, readJson, tessera } from "./browser.mjs";

const shipped = join(dirname(fileURLToPath(import.meta.url)), "../../apps/studies");
const browser = await launch();
rmSync(out("studies"), { recursive: true, force: true });
mkdirSync(out("studies"), { recursive: true });
// The jet tagger on boards of which so little is usable that it takes four of them.
const several = { ...readJson(join(shipped, "jet_mlp.json")), board: { type: "KU15P", usable: 0.02 }, boards_available: 64 };
writeFileSync(out("studies/several.json"), JSON.stringify(several));
copyFileSync(join(shipped, "default.json"), out("studies/default.json"));

async function start() {
  rmSync(out("runs"), { recursive: true, force: true });
  const server = spawn(tessera, ["--quiet", "serve", out("studies"), "-o", out("runs"), "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(server.stdout, "data");
  return { server, url: String(line).trim() };
}

const { server, url } = await start();
after(() => browser.close());
after(() => server.kill("SIGKILL"));

test("sliders change the estimate at once and the verdict soon after", async () => {
  const { page, complaints } = await open(browser, `${url}?study=several`, { own: url });
  await page.getByText(/LIKELY PASSES|TOO CLOSE TO CALL/).waitFor();
  assert.match(await page.locator("#estimate").innerText(), /most likely \d+ boards, \d+ ns/);
  const slider = page.getByRole("slider", { name: "boards" });
  await slider.press("Home");  // one board
  await page.getByText("CANNOT PASS").waitFor();
  await page.locator("#result").getByText("NO MAPPING").waitFor();
  await slider.press("End");
  await page.locator("#result").getByText("PASS", { exact: true }).waitFor();
  await page.getByRole("slider", { name: "bits" }).press("End");
  await page.locator("#tried tbody tr").nth(2).waitFor();
  assert.match(await page.locator("#tried tbody tr").first().innerText(), /bits 16/);
  assert.deepEqual(complaints, []);
  for (const width of [1240, 500]) {
    await page.setViewportSize({ width, height: 900 });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= width);
    await page.screenshot({ path: out(`serve_${width}.png`), fullPage: true });
  }
  const opened = page.context().waitForEvent("page");
  await page.locator("#result a").click();
  const run = await opened;
  await run.waitForLoadState();
  assert.equal(await run.getByText("Latency waterfall").count(), 1);
  await page.close();
});

test("a study that cannot be read is answered with why, and requests of other pages are refused", async () => {
  const post = (type, body) => fetch(`${url}estimate`, { method: "POST", headers: { "Content-Type": type }, body });
  const bad = await post("application/json", JSON.stringify({ ...several, board: "nothing" }));
  assert.equal(bad.status, 400);
  assert.match((await bad.json()).error, /\/board/);
  assert.equal((await post("text/plain", JSON.stringify(several))).status, 400);
});

test("Ctrl-C ends it, and the run that it had begun", async () => {
  const study = JSON.stringify(readJson(out("studies/default.json")));
  const { id } = await (await fetch(`${url}run`, { method: "POST", headers: { "Content-Type": "application/json" }, body: study })).json();
  assert.equal((await (await fetch(`${url}answer/${id}`)).json()).state, "running");
  server.kill("SIGINT");
  const [code] = await once(server, "exit");
  assert.equal(code, 0);
  const runs = process => { try { return readFileSync(`/proc/${process}/cmdline`, "utf8").includes(out(`runs/points/${id}`)); } catch { return false; } };
  const left = readdirSync("/proc").filter(runs);
  assert.deepEqual(left, []);
});
