// The texts whose contrast is below 4.5, by the formula of WCAG 2.
(() => {
  const canvas = document.createElement("canvas").getContext("2d", {
    willReadFrequently: true,
  });

  function rgba(colour) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return Array.from(canvas.getImageData(0, 0, 1, 1).data);
  }

  function over(top, below) {
    return below.map((value, i) => (top[i] * top[3] + value * (255 - top[3])) / 255);
  }

  function luminance(colour) {
    const [r, g, b] = colour.map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function ground(element) {
    if (!element) return [255, 255, 255];
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 255 ? own.slice(0, 3) : over(own, ground(element.parentElement));
  }

  function opacity(element) {
    if (!element) return 1;
    return Number(getComputedStyle(element).opacity) * opacity(element.parentElement);
  }

  function contrast(element) {
    const below = ground(element);
    const colour = rgba(getComputedStyle(element).color);
    colour[3] *= opacity(element);
    const both = [luminance(over(colour, below)), luminance(below)];
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  }

  const bad = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.data.trim();
    const element = texts.currentNode.parentElement;
    if (!text || element.closest("svg, .hidden, script, style")) continue;
    if (!element.getClientRects().length) continue;
    const ratio = contrast(element);
    if (ratio < 4.5) bad.push([ratio.toFixed(2), element.className, text.slice(0, 40)]);
  }
  return bad;
})();
