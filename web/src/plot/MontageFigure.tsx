import { Modal, RangeSlider, Text } from "@mantine/core";
import { useEffect, useMemo, useRef, useState } from "react";
import type { FigureData, GreyImage } from "../api/model";
import { decodeGrey, formatLength, greyToRgba, scaleBarLength } from "./grey";
import { formatValue } from "./scale";

type Data = Extract<FigureData, { type: "montage" }>;

/** Images side by side, each with its label and a scale bar; a click enlarges one. */
export function MontageFigure({ data, title }: { data: Data; title: string }) {
  const [open, setOpen] = useState<number | null>(null);
  const n = data.images.length;
  // three views of a map stand side by side, whatever the width
  const columns = n <= 3 ? `repeat(${Math.max(1, n)}, minmax(0, 1fr))` : `repeat(auto-fill, minmax(min(${n <= 8 ? 130 : 96}px, 45%), 1fr))`;
  return (
    <>
      <div className="montage" style={{ gridTemplateColumns: columns }}>
        {data.images.map((image, i) => (
          <figure key={i}>
            <button type="button" aria-label={`Enlarge ${image.label || `image ${i + 1} of ${n}`}`} onClick={() => setOpen(i)}>
              <GreyCanvas image={image} pixelSize={data.pixel_size_angstrom ?? null} />
            </button>
            {image.label && <figcaption>{image.label}</figcaption>}
          </figure>
        ))}
      </div>
      <Modal opened={open !== null} onClose={() => setOpen(null)} title={open === null ? "" : data.images[open]?.label || title} size="lg">
        {open !== null && data.images[open] && <Enlarged image={data.images[open]} pixelSize={data.pixel_size_angstrom ?? null} />}
      </Modal>
    </>
  );
}

/** One image with a contrast slider. */
function Enlarged({ image, pixelSize }: { image: GreyImage; pixelSize: number | null }) {
  const [range, setRange] = useState<[number, number]>([0, 255]);
  const value = (byte: number) => formatValue(Number((image.black + (byte / 255) * (image.white - image.black)).toPrecision(3)));
  return (
    <div className="montage">
      <GreyCanvas image={image} pixelSize={pixelSize} range={range} />
      <div>
        <Text size="xs" c="dimmed">Contrast: black at {value(range[0])}, white at {value(range[1])}</Text>
        <RangeSlider thumbFromLabel="Black level" thumbToLabel="White level" min={0} max={255} minRange={4} value={range} onChange={setRange} label={null} size="sm" />
      </div>
      <Text size="xs" c="dimmed">
        {image.width} × {image.height} px{pixelSize ? `, ${formatValue(pixelSize)} Å/px` : ""}
      </Text>
    </div>
  );
}

function GreyCanvas({ image, pixelSize, range = [0, 255] }: { image: GreyImage; pixelSize: number | null; range?: [number, number] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const bytes = useMemo(() => {
    try {
      return decodeGrey(image);
    } catch (error) {
      return error instanceof Error ? error.message : "unreadable image";
    }
  }, [image]);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || typeof bytes === "string" || bytes.length === 0) return;
    context.putImageData(new ImageData(greyToRgba(bytes, image.width, image.height, range[0], range[1]), image.width, image.height), 0, 0);
  }, [bytes, image, range[0], range[1]]);
  if (typeof bytes === "string") return <Text size="xs" c="red">{bytes}</Text>;
  const length = pixelSize ? scaleBarLength(image.width * pixelSize) : 0;
  return (
    <>
      <canvas ref={canvas} width={image.width} height={image.height} style={{ aspectRatio: `${image.width} / ${image.height}` }} />
      {pixelSize && length > 0 && (
        <span className="scalebar" style={{ width: `${(100 * length) / (image.width * pixelSize)}%` }}>
          {formatLength(length)}
          <i />
        </span>
      )}
    </>
  );
}
