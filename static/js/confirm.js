// A form sent twice is sent once, and what asks to be confirmed is asked for.

export function startConfirming(root) {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
    if (question && !globalThis.confirm(question)) {
      event.preventDefault();
      return;
    }
    if (form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
  });
  // The page comes back from the history with its forms as they were left: they may be sent again.
  globalThis.addEventListener?.("pageshow", () => {
    for (const form of root.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
  for (const button of root.querySelectorAll("[data-print]")) button.addEventListener("click", () => globalThis.print());
}
