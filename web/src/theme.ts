import { type CSSVariablesResolver, createTheme } from "@mantine/core";

const FONT = '"IBM Plex Sans", system-ui, "Segoe UI", sans-serif';

/** Colours, type and density of the app: sea-ice greys, one blue accent, small radii. */
export const theme = createTheme({
  fontFamily: FONT,
  fontFamilyMonospace: '"IBM Plex Mono", ui-monospace, monospace',
  headings: { fontFamily: FONT, fontWeight: "600", sizes: { h1: { fontSize: "22px", lineHeight: "1.25" }, h2: { fontSize: "17px", lineHeight: "1.3" }, h3: { fontSize: "14px", lineHeight: "1.35" } } },
  fontSizes: { xs: "12px", sm: "13.5px", md: "14.5px", lg: "16px", xl: "19px" },
  colors: {
    ice: ["#e9f5fa", "#d2e8f1", "#a5d2e4", "#74bbd6", "#4ba6c8", "#2b90b5", "#15799f", "#0d6487", "#0a506d", "#083c52"],
    dark: ["#dde6ec", "#b4c1ca", "#8c9ba6", "#66757f", "#3a4953", "#2b3842", "#1d2830", "#172027", "#10161b", "#0a0f13"],
    gray: ["#f6f8f9", "#eef2f4", "#e3e9ec", "#d6dee3", "#c2cdd4", "#98a6b0", "#73828d", "#566571", "#36444f", "#1b2730"],
  },
  primaryColor: "ice",
  primaryShade: { light: 7, dark: 5 },
  defaultRadius: 4,
  cursorType: "pointer",
  components: {
    Button: { defaultProps: { size: "xs" } },
    TextInput: { defaultProps: { size: "sm" } },
    PasswordInput: { defaultProps: { size: "sm" } },
    NumberInput: { defaultProps: { size: "sm" } },
    Select: { defaultProps: { size: "sm" } },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.45 } } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300, multiline: true } },
  },
});

/** Variables of our own style sheet for both colour schemes. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--n-paper": "#f4f7f8", "--n-surface": "#ffffff", "--n-raised": "#ffffff", "--n-line": "#dbe2e6", "--n-ink": "#1b2730", "--n-muted": "#5a6975", "--n-accent": "#0d7aa3",
    "--mantine-color-body": "#f4f7f8", "--mantine-color-text": "#1b2730", "--mantine-color-dimmed": "#5a6975",
  },
  dark: {
    "--n-paper": "#10161b", "--n-surface": "#172027", "--n-raised": "#1f2b33", "--n-line": "#2b3842", "--n-ink": "#dde6ec", "--n-muted": "#93a2ad", "--n-accent": "#4fb3d1",
    "--mantine-color-body": "#10161b", "--mantine-color-text": "#dde6ec", "--mantine-color-dimmed": "#93a2ad",
  },
});
