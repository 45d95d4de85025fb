// Filters above a list: a chosen value is applied at once, words after Enter or the button; empty ones stay out of the address.

/** The pairs of a query that say something; the page number never survives a new filter. */
export function meaningful(pairs) {
  return pairs.filter(([name, value]) => name !== "page" && value !== "");
}

function submit(form) {
  const query = new URLSearchParams(meaningful([...new FormData(form)])).toString();
  const address = form.getAttribute("action") || location.pathname;
  location.assign(query ? `${address}?${query}` : address);
}

export function startFilters(root) {
  for (const form of root.querySelectorAll("form[data-filter]")) {
    form.addEventListener("change", (event) => {
      if (event.target.matches("select, input[type=checkbox], input[type=radio], input[type=date]")) submit(form);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit(form);
    });
  }
  // Browsers without ::details-content cannot show a closed one on a wide screen.
  if (!CSS.supports("selector(::details-content)") && matchMedia("(min-width: 768px)").matches) {
    for (const details of root.querySelectorAll("details.filter")) details.open = true;
  }
}
