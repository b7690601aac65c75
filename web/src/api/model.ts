export interface Axis { label: string; min?: number | null; max?: number | null; log?: boolean; reciprocal_angstrom?: boolean }
export interface Curve { name: string; x: number[]; y: (number | null)[]; dashed?: boolean }
export interface Guide { axis: string; at: number; label: string }
export interface GreyImage { width: number; height: number; pixels_base64: string; black: number; white: number; label?: string }
export type FigureData =
  | { type: "curves"; x: Axis; y: Axis; curves: Curve[]; guides?: Guide[] }
  | { type: "histogram"; x: Axis; edges: number[]; counts: number[]; guides?: Guide[] }
  | { type: "heat_map"; x: Axis; y: Axis; value_label: string; columns: number; values: (number | null)[] }
  | { type: "scatter"; x: Axis; y: Axis; xs: number[]; ys: number[] }
  | { type: "montage"; images: GreyImage[]; pixel_size_angstrom?: number | null }
  | { type: "table"; columns: string[]; rows: string[][] };
export interface Figure { id: string; title: string; note?: string; data: FigureData }
