/** Files made from a figure on the page: SVG and PNG, always in the light colours, on white. */

const LIGHT: Record<string, string> = {
  ink: "#1b2730", muted: "#5c6b77", axis: "#8a97a1", grid: "#e6ebee", guide: "#97a3ac", paper: "#ffffff",
  c0: "#0b6aa8", c1: "#c8550b", c2: "#0a8060", c3: "#a8468b", c4: "#a97a00", c5: "#4a4fb5", c6: "#6d7378", c7: "#b3263e",
};

/** Saves bytes or text under a name. */
export function saveFile(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // the browser has taken the address by then
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A stand-alone SVG file of a plot: theme variables replaced, title and legend added. */
export function svgText(svg: SVGSVGElement, title: string, legend: { name: string; colour: string; dashed: boolean }[]): { text: string; width: number; height: number } {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  for (const transient of copy.querySelectorAll("[data-transient]")) transient.remove();
  const width = svg.viewBox.baseVal.width;
  const plotHeight = svg.viewBox.baseVal.height;
  const head = 24;
  const rows = legend.length > 1 ? legend.length : 0;
  const height = head + plotHeight + rows * 16 + (rows ? 6 : 0);
  const esc = (s: string) => s.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const key = rows
    ? legend.map((l, i) => {
        const y = head + plotHeight + 8 + i * 16;
        return `<line x1="40" x2="62" y1="${y}" y2="${y}" stroke="${l.colour}" stroke-width="1.6"${l.dashed ? ' stroke-dasharray="5 4"' : ""}/><text x="68" y="${y}" dy="0.35em" font-size="11" fill="var(--p-ink)">${esc(l.name)}</text>`;
      }).join("")
    : "";
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="IBM Plex Sans, Arial, sans-serif"><rect width="100%" height="100%" fill="#ffffff"/><text x="12" y="17" font-size="13" font-weight="600" fill="var(--p-ink)">${esc(title)}</text><g transform="translate(0 ${head})">${copy.innerHTML}</g>${key}</svg>`;
  return { text: text.replace(/var\(--p-(\w+)\)/g, (whole, name: string) => LIGHT[name] ?? whole), width, height };
}

/** Draws an SVG file to a PNG with `ratio` pixels per unit. */
export async function svgToPng(svg: { text: string; width: number; height: number }, ratio = 3): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg.text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(svg.width * ratio);
  canvas.height = Math.round(svg.height * ratio);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser gives no 2D canvas");
  context.scale(ratio, ratio);
  context.drawImage(image, 0, 0);
  return canvasBlob(canvas);
}

/** All images of a montage on one sheet. */
export async function montagePng(canvases: HTMLCanvasElement[], labels: string[]): Promise<Blob> {
  const cell = Math.max(64, ...canvases.map((c) => c.width));
  const columns = Math.ceil(Math.sqrt(canvases.length));
  const rows = Math.ceil(canvases.length / columns);
  const sheet = document.createElement("canvas");
  sheet.width = columns * (cell + 6) + 6;
  sheet.height = rows * (cell + 22) + 6;
  const context = sheet.getContext("2d");
  if (!context) throw new Error("this browser gives no 2D canvas");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, sheet.width, sheet.height);
  context.fillStyle = "#1b2730";
  context.font = "12px sans-serif";
  canvases.forEach((canvas, i) => {
    const x = 6 + (i % columns) * (cell + 6);
    const y = 6 + Math.floor(i / columns) * (cell + 22);
    context.drawImage(canvas, x, y);
    context.fillText(labels[i] ?? "", x, y + cell + 13, cell);
  });
  return canvasBlob(sheet);
}

/** A canvas as PNG. */
export function canvasBlob(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the browser could not make a PNG"))), "image/png");
  });
}
