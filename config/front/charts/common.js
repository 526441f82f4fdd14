// What all charts have in common: quiet axes that are named, tooltips as canvas text (the strict CSP forbids HTML with
// styles), no motion, numbers as the reader writes them.
const language = document.documentElement.lang || "en";
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });

export const number = (value) => (value === null || value === undefined ? "–" : whole.format(value));

export function frame(spec, colour) {
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
    grid: { left: 4, right: 16, top: spec.series?.length > 1 ? 44 : 30, bottom: spec.x ? 22 : 4, containLabel: true },
    tooltip: {
      renderMode: "richText", trigger: "axis", confine: true, backgroundColor: colour.paper, borderColor: colour.line,
      textStyle: { color: colour.ink, fontSize: 13 }, valueFormatter: number, axisPointer: { type: "shadow", shadowStyle: { opacity: 0.15 } },
    },
    xAxis: { ...axis, type: "category", data: spec.labels, name: spec.x, nameLocation: "middle", nameGap: 28, splitLine: { show: false } },
    yAxis: { ...axis, type: "value", name: spec.y, nameTextStyle: { ...axis.nameTextStyle, align: "left" }, axisLine: { show: false },
      axisLabel: { ...axis.axisLabel, formatter: (value) => compact.format(value) }, min: spec.from_zero ? 0 : undefined, scale: !spec.from_zero },
  };
}
