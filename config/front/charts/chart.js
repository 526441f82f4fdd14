// Charts from the JSON that a page carries (config/pages/charts.py): drawn with the page's own colours, drawn anew when
// light turns dark. Only these kinds of chart are bundled.
import { BarChart, HeatmapChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { heatmap } from "./heatmap.js";
import { plain } from "./plain.js";
import { waterfall } from "./waterfall.js";

use([BarChart, HeatmapChart, LineChart, AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent, SVGRenderer]);

const KINDS = { line: plain, bar: plain, waterfall, heatmap };
const drawn = new Map();

function colours() {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(name).trim();
  return {
    ink: value("--chart-ink"), soft: value("--chart-soft"), line: value("--chart-line"), paper: value("--chart-paper"),
    series: [1, 2, 3, 4, 5, 6].map((number) => value(`--chart-${number}`)),
    less: value("--chart-less"), scale: [value("--chart-scale-low"), value("--chart-scale-high")],
  };
}

function draw(element) {
  const spec = JSON.parse(element.querySelector("script[type='application/json']").textContent);
  const place = element.querySelector("[data-chart-place]");
  const text = JSON.stringify(spec);
  const before = drawn.get(place);
  if (before?.text === text && before.chart.getDom().firstChild) return;
  const chart = before?.chart ?? init(place, null, { renderer: "svg" });
  chart.setOption(KINDS[spec.kind](spec, colours(), place.clientWidth), { notMerge: !before });
  drawn.set(place, { chart, text, element, width: place.clientWidth });
  if (!before) new ResizeObserver(() => fit(place)).observe(place);
}

/** Labels and legend break by the width there is: drawn anew when that changes. */
function fit(place) {
  const { chart, element, width } = drawn.get(place);
  chart.resize();
  if (width === place.clientWidth) return;
  drawn.get(place).text = "";
  draw(element);
}

export function mount(elements) {
  elements.forEach(draw);
}

document.addEventListener("theme:changed", () => {
  for (const [place, { chart, element }] of drawn) {
    if (!place.isConnected) chart.dispose(), drawn.delete(place);
    else drawn.get(place).text = "", draw(element);
  }
});
