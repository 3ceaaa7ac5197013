// What the tests of pages share: Debian's Chromium, driven by playwright-core, and how a page is opened.
//
// Each test file is run as: node FILE TESSERA NODE_MODULES OUT, with the command under test, the folder of playwright-core and a folder for
// what is made, screenshots among it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [, , command, modules, folder] = process.argv;
export const tessera = command;
export const out = name => join(folder, name);
export const readJson = file => JSON.parse(readFileSync(file, "utf8"));

/// Ends a test file that cannot run here; ctest reads the word and counts it as skipped.
function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(0);
}

function findChromium() {
  const found = (process.env.PATH ?? "").split(":").map(each => join(each, "chromium")).find(existsSync);
  return found ?? skip("chromium is not there");
}

export async function launch() {
  const executablePath = findChromium();
  if (!existsSync(join(modules, "playwright-core"))) skip("the build could not fetch playwright-core from the npm registry");
  const { chromium } = createRequire(join(modules, "any.js"))("playwright-core");
  mkdirSync(folder, { recursive: true });
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}

/// Runs tessera into a fresh folder; an exit code of 2 or 3 is an answer too.
export function runTessera(name, ...words) {
  rmSync(out(name), { recursive: true, force: true });
  try {
    execFileSync(tessera, ["--quiet", ...words, "-o", out(name)], { stdio: ["ignore", "ignore", "inherit"] });
  } catch (error) {
    assert.ok(error.status === 2 || error.status === 3, error.message);
  }
  return out(name);
}

/// A page with what it should not have done: `complaints` holds console errors, exceptions and requests to anywhere but `own`.
export async function open(browser, url, { width = 1240, own = "file:" } = {}) {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  const complaints = [];
  page.on("console", message => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", error => complaints.push(error.message));
  page.on("request", request => request.url().startsWith(own) || request.url().startsWith("data:") || complaints.push(`asks for ${request.url()}`));
  await page.goto(url);
  return { page, complaints };
}

/// The data of a chart's series, as the chart has them.
export const chartData = (page, name, series = 0) => page.evaluate(([chart, i]) => charts[chart].getOption().series[i].data, [name, series]);
