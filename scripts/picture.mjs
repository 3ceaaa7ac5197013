// node scripts/picture.mjs PAGE.html CHART PICTURE.png: one chart of a page as a picture, by the name that it has in the page's `charts`.
// Takes Debian's Chromium and the playwright-core that the build of the tests has fetched.
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [, , page, chart, picture] = process.argv;
const modules = join(dirname(fileURLToPath(import.meta.url)), "../build/release/tests/browser/node_modules/any.js");
const { chromium } = createRequire(modules)("playwright-core");
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const opened = await browser.newPage({ viewport: { width: 960, height: 800 } });
await opened.goto(`file://${resolve(page)}`);
const section = await opened.evaluateHandle(name => charts[name].getDom().closest("section"), chart);
await section.asElement().screenshot({ path: picture });
await browser.close();
