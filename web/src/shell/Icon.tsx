const PATHS = {
  expand: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3",
  download: "M8 2.5v7.5M4.8 7.2 8 10.4l3.2-3.2M3 13.5h10",
  plus: "M8 3v10M3 8h10",
  play: "M5 3.2v9.6l7.5-4.8z",
  stop: "M4.5 4.5h7v7h-7z",
  copy: "M5.5 5.5h7v7h-7zM10.5 5.5v-2h-7v7h2",
  eraser: "M3 10l6-6.5 4 4-5 5.5H5.5zM7 13h6.5",
  restart: "M12.8 8a4.8 4.8 0 1 1-1.5-3.5M12.5 2.2v2.6H9.9",
  trash: "M3.5 4.5h9M6.5 4.5V3h3v1.5M4.8 4.5l.6 8.5h5.2l.6-8.5",
  user: "M8 8a2.6 2.6 0 1 0 0-5.2A2.6 2.6 0 0 0 8 8M3 13.4c.6-2.3 2.5-3.6 5-3.6s4.4 1.3 5 3.6",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M12.6 3.4l-1.1 1.1M4.5 11.5l-1.1 1.1",
  moon: "M12.8 9.6A5.3 5.3 0 0 1 6.4 3.2a5.3 5.3 0 1 0 6.4 6.4",
  folder: "M2.5 12.5v-9h4l1.3 1.6h5.7v7.4z",
  file: "M4 2.5h5l3 3v8H4zM9 2.5v3h3",
  chevron: "M6 4l4 4-4 4",
  back: "M10 4L6 8l4 4",
  check: "M3.5 8.5l3 3 6-7",
  cross: "M4 4l8 8M12 4l-8 8",
  warning: "M8 2.5l6 10.5H2zM8 6.5v3M8 11.2v.6",
  dots: "M3 8a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0M7.5 8a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0M12 8a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0",
  pencil: "M3 13l.7-2.8L10.8 3l2.2 2.2-7.2 7.1z",
  link: "M6.5 9.5l3-3M7 5.2l1.5-1.5a2.7 2.7 0 0 1 3.8 3.8L10.8 9M9 10.8l-1.5 1.5a2.7 2.7 0 0 1-3.8-3.8L5.2 7",
  clock: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5v3.2l2 1.3",
  cube: "M8 2l5.2 3v6L8 14l-5.2-3V5zM2.8 5L8 8l5.2-3M8 8v6",
} as const;

/** Name of an icon. */
export type IconName = keyof typeof PATHS;

/** A line icon in the colour of the text around it. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth={1.4} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark: two sheets of young ice that slide into each other in fingers. */
export function Mark({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d="M3 4h26v7h-5v8h-5v-8h-6v8H8v-8H3z" fill="currentColor" />
      <path d="M3 28h26V14h-3v7h-9v-7h-2v7H6v-7H3z" fill="var(--n-accent)" />
    </svg>
  );
}
