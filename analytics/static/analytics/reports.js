// Draws the charts of a dashboard from the values that the page holds as JSON; what a
// chart shows is also in the table below it, so that the page works without this.
(function () {
  const drawn = [];
  const page = document.documentElement;
  const css = (name) => getComputedStyle(page).getPropertyValue(name).trim();
  const TONES = { accent: "--fr-accent", dim: "--fr-bar-dim", good: "--fr-bar-good", bad: "--fr-bar-bad" };

  const money = new Intl.NumberFormat("en-IN", { notation: "compact", maximumFractionDigits: 1 });
  const exact = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 2 });
  function said(value, unit) {
    if (value === null || value === undefined) return "–";
    if (unit === "money") return exact.format(value);
    if (unit === "share") return `${value} %`;
    if (unit === "minutes") return `${exact.format(value)} min`;
    return exact.format(value);
  }

  function dataset(series, chart) {
    const colour = css(TONES[series.tone] || TONES.accent);
    const shared = { label: series.label, data: series.values, borderColor: colour, backgroundColor: colour };
    if (series.is_line) {
      return { ...shared, type: "line", borderWidth: 2, pointRadius: chart.labels.length > 40 ? 0 : 2, pointHoverRadius: 5, cubicInterpolationMode: "monotone", order: 0 };
    }
    return { ...shared, type: "bar", borderRadius: 4, maxBarThickness: 34, order: 1 };
  }

  function options(chart) {
    const dim = css("--fr-dim");
    const grid = css("--fr-grid");
    const value = { beginAtZero: true, stacked: chart.is_stacked, grid: { color: grid }, border: { display: false }, ticks: { color: dim, maxTicksLimit: 6, precision: 0, callback: (v) => money.format(v) } };
    const most = innerWidth < 640 ? 18 : 32; // letters; a longer name is whole in the tooltip
    const short = (name) => (name.length > most ? `${name.slice(0, most - 1)}…` : name);
    const label = { stacked: chart.is_stacked, grid: { display: false }, border: { color: grid }, ticks: { color: dim, callback: (index) => short(chart.labels[index]), autoSkip: !chart.is_horizontal, maxRotation: 0, autoSkipPadding: 12 } };
    return {
      responsive: true,
      maintainAspectRatio: false,
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? false : { duration: 250 },
      indexAxis: chart.is_horizontal ? "y" : "x",
      interaction: { mode: "index", intersect: false, axis: chart.is_horizontal ? "y" : "x" },
      scales: chart.is_horizontal ? { x: value, y: label } : { x: label, y: value },
      plugins: {
        legend: { display: chart.series.length > 1, position: "bottom", labels: { color: dim, boxWidth: 12, boxHeight: 12, usePointStyle: true, pointStyle: "rectRounded" } },
        tooltip: { callbacks: { label: (item) => ` ${item.dataset.label}: ${said(item.raw, chart.unit)}` } },
      },
      onClick: (event, hit) => {
        if (hit.length && chart.links[hit[0].index]) location.href = chart.links[hit[0].index];
      },
      onHover: (event, hit) => {
        event.native.target.style.cursor = hit.length && chart.links.length ? "pointer" : "default";
      },
    };
  }

  function draw() {
    while (drawn.length) drawn.pop().destroy();
    Chart.defaults.font.family = "Inter, system-ui, sans-serif";
    for (const canvas of document.querySelectorAll("canvas[data-chart]")) {
      const chart = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
      drawn.push(new Chart(canvas, { data: { labels: chart.labels, datasets: chart.series.map((one) => dataset(one, chart)) }, options: options(chart) }));
    }
    page.dataset.charts = String(drawn.length);
  }

  // on a phone the tab that is open may be beyond the edge; some of the one before shows
  // that there are more
  const tab = document.querySelector(".fr-tabs [aria-current]");
  if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.offsetLeft - 60;

  if (window.Chart) draw();
  new MutationObserver((changes) => {
    if (window.Chart && changes.some((one) => one.oldValue !== page.className)) draw();
  }).observe(page, { attributes: true, attributeFilter: ["class"], attributeOldValue: true });

  // paper has its own width
  addEventListener("beforeprint", () => drawn.forEach((chart) => chart.resize(680, 240)));
  addEventListener("afterprint", () => drawn.forEach((chart) => chart.resize()));

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-do=print]")) print();
  });
  document.getElementById("fr-workspace")?.addEventListener("change", (event) => {
    location.href = event.target.value;
  });
})();
