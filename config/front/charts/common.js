// What all charts have in common: quiet axes that are named, tooltips as canvas text (the strict CSP forbids HTML with
// styles), no motion, numbers as the reader writes them.
const language = document.documentElement.lang || "en";
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });

export const number = (value) => (value === null || value === undefined ? "–" : whole.format(value));

// A legend breaks into rows where it is narrow; about 7 px a letter.
function legendRows(spec, width) {
  const wide = spec.series.reduce((sum, one) => sum + one.name.length * 7 + 40, 0);
  return spec.series.length > 1 ? Math.ceil(wide / Math.max(width, 1)) : 0;
}

export function frame(spec, colour, width = Infinity) {
  const axis = {
    axisLine: { lineStyle: { color: colour.line } },
    axisTick: { show: false },
    axisLabel: { color: colour.soft, fontSize: 12, hideOverlap: true },
    nameTextStyle: { color: colour.soft, fontSize: 12 },
    splitLine: { lineStyle: { color: colour.line } },
  };
  return {
    animation: false,
    aria: { enabled: true },
    color: colour.series,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colour.ink },
    grid: { left: 4, right: 16, top: 30 + (spec.series ? legendRows(spec, width) : 0) * 22, bottom: spec.x ? 26 : 4, containLabel: true },
    tooltip: {
      renderMode: "richText", trigger: "axis", confine: true, backgroundColor: colour.paper, borderColor: colour.line,
      textStyle: { color: colour.ink, fontSize: 13 }, valueFormatter: number, axisPointer: { type: "shadow", shadowStyle: { opacity: 0.15 } },
    },
    xAxis: { ...axis, type: "category", data: spec.labels, name: spec.x, nameLocation: "middle", nameGap: 28, splitLine: { show: false } },
    yAxis: { ...axis, type: "value", name: spec.y, nameTextStyle: { ...axis.nameTextStyle, align: "left" }, axisLine: { show: false },
      axisLabel: { ...axis.axisLabel, formatter: (value) => compact.format(value) }, min: spec.from_zero ? 0 : undefined, scale: !spec.from_zero },
  };
}
