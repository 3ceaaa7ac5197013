/* What all pages share: text, numbers, sections, tables and charts. */
const page = document.getElementById("page");
const escaped = text => String(text).replace(/[&<>"]/g, c => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;" }[c]));
const number = (value, digits = 0) => Number(value).toLocaleString("en-GB", { maximumFractionDigits: digits, minimumFractionDigits: digits });
const percent = value => number(100 * value, value < 0.1 ? 1 : 0) + " %";
const narrow = innerWidth < 700;  /* a phone */
const ink = "#1b2430";
const charts = {};  /* by name; read back by tests */

function section(title, note, html) {
  const made = document.createElement("section");
  made.innerHTML = `<h2>${escaped(title)}</h2>${note ? `<p class="note">${escaped(note)}</p>` : ""}${html}`;
  page.append(made);
  return made;
}

/* Columns are [name, is it a number]. Rows take the keyboard's focus, so that a chart can show what a row is about. */
function table(columns, rows) {
  const head = columns.map(([name, isNumber]) => `<th class="${isNumber ? "n" : ""}">${escaped(name)}</th>`).join("");
  const body = rows.map(row => "<tr tabindex=\"0\">" + row.map((cell, i) => `<td class="${columns[i][1] ? "n" : ""}">${escaped(cell)}</td>`).join("") + "</tr>").join("");
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function select(name, options, chosen) {
  return `<label>${escaped(name)} <select data-name="${escaped(name)}">` +
    options.map(([value, text]) => `<option value="${escaped(value)}"${value === chosen ? " selected" : ""}>${escaped(text)}</option>`).join("") + "</select></label>";
}

function chart(name, place, option) {
  charts[name] ??= echarts.init(place, null, { renderer: "svg" });
  charts[name].setOption({ animation: false, textStyle: { fontFamily: "system-ui, sans-serif" }, aria: { enabled: true }, ...option,
    tooltip: option.tooltip && { confine: true, ...option.tooltip } }, true);
  return charts[name];
}

/* A section with a chart, and behind it the same figures as a table: the row in focus shows its mark in the chart, where `markOf(row)` says
   which that is ({ seriesIndex, dataIndex }). Without the chart library the table stands alone. */
function figure(name, { title, note, height, option, columns, rows, markOf = dataIndex => ({ seriesIndex: 0, dataIndex }), controls = "" }) {
  const drawn = Boolean(window.echarts);
  const made = section(title, note, (drawn ? `<div class="controls">${controls}</div><div class="chart" style="height:${height}px"></div>` : "") +
    `<details${drawn ? "" : " open"}><summary>as a table</summary>${table(columns, rows)}</details>`);
  if (!drawn) return made;
  const shown = chart(name, made.querySelector(".chart"), option);
  made.querySelectorAll("tbody tr").forEach((row, i) => {
    row.addEventListener("focus", () => shown.dispatchAction({ type: "showTip", ...markOf(i) }));
    row.addEventListener("blur", () => shown.dispatchAction({ type: "hideTip" }));
  });
  return made;
}

function sayWithoutCharts() {
  if (!window.echarts) section("No charts", "", "<p>Tessera was built where npm was not there, so its chart library is missing. The tables below are complete.</p>");
}

const resizeAll = size => Object.values(charts).forEach(each => each.resize(size));
addEventListener("resize", () => resizeAll());
addEventListener("beforeprint", () => resizeAll({ width: 680 }));
addEventListener("afterprint", () => resizeAll({ width: "auto" }));
