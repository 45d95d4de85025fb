// Light, dark, or as the system says: kept in a cookie so that the server already writes the right one into the page.

export function next(present, systemIsDark) {
  const shown = present || (systemIsDark ? "dark" : "light");
  return shown === "dark" ? "light" : "dark";
}

export function startThemes(root) {
  for (const button of root.querySelectorAll("[data-theme-switch]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const page = root.documentElement;
      const dark = matchMedia("(prefers-color-scheme: dark)").matches;
      const chosen = next(page.dataset.theme, dark);
      const asSystem = chosen === (dark ? "dark" : "light");
      if (asSystem) delete page.dataset.theme;
      else page.dataset.theme = chosen;
      document.cookie = `theme=${asSystem ? "" : chosen}; path=/; max-age=${asSystem ? 0 : 31536000}; samesite=lax`;
    });
  }
}
