// Light or dark before anything is drawn; the choice is the one of the back office.
(function () {
  const KEY = "_x_adminTheme";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  function chosen() {
    try {
      return JSON.parse(localStorage.getItem(KEY)) || "auto";
    } catch {
      return "auto";
    }
  }
  function show() {
    const theme = chosen();
    const isDark = theme === "dark" || (theme === "auto" && dark.matches);
    document.documentElement.classList.toggle("dark", isDark);
  }
  window.switchTheme = function () {
    const isDark = document.documentElement.classList.contains("dark");
    localStorage.setItem(KEY, JSON.stringify(isDark ? "light" : "dark"));
    show();
  };
  dark.addEventListener("change", show);
  show();
})();
