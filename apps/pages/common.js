/* What all pages share: text, numbers, sections. */
const page = document.getElementById("page");
const escaped = text => String(text).replace(/[&<>"]/g, c => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;" }[c]));
const number = (value, digits = 0) => Number(value).toLocaleString("en-GB", { maximumFractionDigits: digits, minimumFractionDigits: digits });

function section(title, note, html) {
  const made = document.createElement("section");
  made.innerHTML = `<h2>${escaped(title)}</h2>${note ? `<p class="note">${escaped(note)}</p>` : ""}${html}`;
  page.append(made);
  return made;
}
