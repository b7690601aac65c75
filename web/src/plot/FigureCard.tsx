import { ActionIcon, Menu, Modal, Text } from "@mantine/core";
import { memo, useRef, useState } from "react";
import type { Figure } from "../api/model";
import { Icon } from "../shell/Icon";
import { curveColour, CurvesFigure } from "./CurvesFigure";
import { figureCsv } from "./csv";
import { montagePng, saveFile, svgText, svgToPng } from "./export";
import { HistogramFigure } from "./HistogramFigure";
import { MontageFigure } from "./MontageFigure";
import { HeatMapFigure, ScatterFigure } from "./RasterFigures";
import { TableFigure } from "./TableFigure";

/** A figure with its caption, downloads and an enlarged view. `name` is the stem of saved files. Progress of the job does not redraw it. */
export const FigureCard = memo(function FigureCard({ figure, name, step }: { figure: Figure; name: string; step: number | null }) {
  const body = useRef<HTMLDivElement>(null);
  const [large, setLarge] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const kind = figure.data.type;
  const csv = kind !== "montage";
  const drawn = kind !== "table";

  const legend = figure.data.type === "curves" ? figure.data.curves.map((c, i) => ({ name: c.name, colour: curveColour(i), dashed: c.dashed ?? false })) : [];
  const svg = () => {
    const element = body.current?.querySelector<SVGSVGElement>("svg[data-figure]");
    if (!element) throw new Error("the figure is not drawn yet");
    return svgText(element, figure.title, legend);
  };
  const save = async (type: "csv" | "svg" | "png" | "json") => {
    setProblem(null);
    try {
      if (type === "csv") saveFile(`${name}.csv`, new Blob([figureCsv(figure) ?? ""], { type: "text/csv" }));
      else if (type === "json") saveFile(`${name}.json`, new Blob([JSON.stringify(figure)], { type: "application/json" }));
      else if (type === "svg") saveFile(`${name}.svg`, new Blob([svg().text], { type: "image/svg+xml" }));
      else if (figure.data.type === "montage") {
        const canvases = [...(body.current?.querySelectorAll("canvas") ?? [])];
        saveFile(`${name}.png`, await montagePng(canvases, figure.data.images.map((i) => i.label ?? "")));
      } else saveFile(`${name}.png`, await svgToPng(svg()));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "the file could not be made");
    }
  };

  return (
    <section className="panel figure" aria-label={figure.title} data-figure-id={figure.id}>
      <header className="figure-head">
        <h3>{figure.title}</h3>
        <div className="figure-tools">
          {drawn && kind !== "montage" && (
            <ActionIcon variant="subtle" color="gray" size="sm" aria-label="Enlarge" onClick={() => setLarge(true)}><Icon name="expand" /></ActionIcon>
          )}
          <Menu position="bottom-end" withinPortal>
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" size="sm" aria-label="Download figure"><Icon name="download" /></ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {drawn && <Menu.Item onClick={() => save("png")}>PNG image</Menu.Item>}
              {drawn && kind !== "montage" && <Menu.Item onClick={() => save("svg")}>SVG drawing</Menu.Item>}
              {csv && <Menu.Item onClick={() => save("csv")}>CSV data</Menu.Item>}
              <Menu.Item onClick={() => save("json")}>JSON (all data)</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
      </header>
      <div ref={body}><FigureBody figure={figure} /></div>
      {problem && <Text size="xs" c="red" role="alert">{problem}</Text>}
      {figure.note && <p className="figure-note">{figure.note}</p>}
      {step !== null && <p className="figure-step">iteration {step}</p>}
      <Modal opened={large} onClose={() => setLarge(false)} title={figure.title} size="90%">
        <FigureBody figure={figure} height={Math.max(280, Math.round(window.innerHeight * 0.62))} />
        {figure.note && <p className="figure-note">{figure.note}</p>}
      </Modal>
    </section>
  );
});

function FigureBody({ figure, height }: { figure: Figure; height?: number }) {
  const d = figure.data;
  switch (d.type) {
    case "curves":
      return <CurvesFigure data={d} title={figure.title} {...(height ? { height } : {})} />;
    case "histogram":
      return <HistogramFigure data={d} title={figure.title} />;
    case "heat_map":
      return <HeatMapFigure data={d} title={figure.title} />;
    case "scatter":
      return <ScatterFigure data={d} title={figure.title} />;
    case "montage":
      return <MontageFigure data={d} title={figure.title} />;
    case "table":
      return <TableFigure data={d} title={figure.title} />;
    default:
      return <Text size="sm" c="dimmed">This version of the app cannot draw this kind of figure; its data can be downloaded.</Text>;
  }
}
