/** Draws one mesh with WebGL2: orthographic, lit from the viewer's left, with a clip plane and depth cue. */
import { type Rotation } from "./rotation";

const VERTEX = `#version 300 es
uniform mat3 rotation;
uniform vec3 centre;
uniform vec2 scale;
uniform vec2 shift;
uniform float radius;
in vec3 position;
in vec3 normal;
out vec3 n;
out float depth;
void main() {
  vec3 p = rotation * (position - centre);
  n = rotation * normal;
  depth = p.z / radius;
  gl_Position = vec4(p.xy * scale + shift, -depth * 0.5, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
uniform vec3 colour;
uniform vec3 ground;
uniform float clip;
in vec3 n;
in float depth;
out vec4 pixel;
void main() {
  if (depth > clip) discard;
  vec3 m = normalize(n);
  vec3 base = colour;
  // the inside of the surface, seen where it is cut, is drawn darker and warmer
  if (!gl_FrontFacing) { m = -m; base = mix(colour, vec3(0.55, 0.42, 0.36), 0.7) * 0.75; }
  float key = max(dot(m, normalize(vec3(-0.45, 0.6, 0.72))), 0.0);
  float fill = max(dot(m, normalize(vec3(0.7, -0.2, 0.5))), 0.0);
  vec3 h = normalize(normalize(vec3(-0.45, 0.6, 0.72)) + vec3(0.0, 0.0, 1.0));
  float shine = pow(max(dot(m, h), 0.0), 36.0);
  vec3 lit = base * (0.24 + 0.66 * key + 0.2 * fill) + vec3(0.16) * shine;
  float away = clamp(0.42 - 0.42 * depth, 0.0, 0.6);
  pixel = vec4(mix(lit, ground, away), 1.0);
}`;

/** What a frame is drawn with. */
export interface View {
  rotation: Rotation;
  /** 1 shows the whole box. */
  zoom: number;
  /** Shift in canvas half-widths. */
  shift: [number, number];
  /** Depth from -1 (all cut) to 1 (nothing cut), in box radii. */
  clip: number;
  colour: [number, number, number];
  ground: [number, number, number];
}

/** A canvas with a mesh. Create with `SurfaceRenderer.on`; throws a readable Error where WebGL2 is missing. */
export class SurfaceRenderer {
  private readonly vertices: WebGLVertexArrayObject;
  private readonly buffers: { position: WebGLBuffer; normal: WebGLBuffer; index: WebGLBuffer };
  private readonly at: Record<string, WebGLUniformLocation | null>;
  private indices = 0;

  private constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly gl: WebGL2RenderingContext,
    program: WebGLProgram,
    /** Centre of rotation, voxels. */
    private centre: [number, number, number],
    /** Half of the shown width at zoom 1, voxels. */
    private radius: number,
  ) {
    gl.useProgram(program);
    this.at = Object.fromEntries(["rotation", "centre", "scale", "shift", "radius", "colour", "ground", "clip"].map((name) => [name, gl.getUniformLocation(program, name)]));
    this.vertices = need(gl.createVertexArray());
    this.buffers = { position: need(gl.createBuffer()), normal: need(gl.createBuffer()), index: need(gl.createBuffer()) };
    gl.bindVertexArray(this.vertices);
    for (const [name, buffer] of [["position", this.buffers.position], ["normal", this.buffers.normal]] as const) {
      const location = gl.getAttribLocation(program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, 3, gl.FLOAT, false, 0, 0);
    }
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffers.index);
    gl.enable(gl.DEPTH_TEST);
  }

  /** A renderer on a canvas, for a box of the given size in voxels. */
  static on(canvas: HTMLCanvasElement, box: [number, number, number]): SurfaceRenderer {
    const gl = canvas.getContext("webgl2", { antialias: true, preserveDrawingBuffer: true });
    if (!gl) throw new Error("this browser or its graphics driver offers no WebGL2; the slices still work");
    const centre = box.map((n) => (n - 1) / 2) as [number, number, number];
    return new SurfaceRenderer(canvas, gl, link(gl), centre, Math.max(...box) / 2);
  }

  /** Replaces the mesh; coordinates are voxels. */
  setMesh(mesh: { positions: Float32Array; normals: Float32Array; triangles: Uint32Array }): void {
    const { gl } = this;
    gl.bindVertexArray(this.vertices);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers.position);
    gl.bufferData(gl.ARRAY_BUFFER, mesh.positions, gl.DYNAMIC_DRAW);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers.normal);
    gl.bufferData(gl.ARRAY_BUFFER, mesh.normals, gl.DYNAMIC_DRAW);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffers.index);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.triangles, gl.DYNAMIC_DRAW);
    this.indices = mesh.triangles.length;
  }

  /** Draws a frame at the canvas's present size. */
  draw(view: View): void {
    const { gl, canvas } = this;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    gl.viewport(0, 0, width, height);
    gl.clearColor(...view.ground, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    if (this.indices === 0) return;
    const least = Math.min(width, height);
    const s = view.zoom / this.radius;
    gl.uniformMatrix3fv(this.at["rotation"]!, true, view.rotation);
    gl.uniform3fv(this.at["centre"]!, this.centre);
    gl.uniform2f(this.at["scale"]!, (s * least) / width, (s * least) / height);
    gl.uniform2fv(this.at["shift"]!, view.shift);
    // corners of the box lie up to sqrt(3) half-widths away
    gl.uniform1f(this.at["radius"]!, this.radius * 1.75);
    gl.uniform3fv(this.at["colour"]!, view.colour);
    gl.uniform3fv(this.at["ground"]!, view.ground);
    gl.uniform1f(this.at["clip"]!, view.clip);
    gl.drawElements(gl.TRIANGLES, this.indices, gl.UNSIGNED_INT, 0);
  }

  /** Screen pixels (CSS) of one voxel. */
  pixelsPerVoxel(zoom: number): number {
    return (Math.min(this.canvas.clientWidth, this.canvas.clientHeight) / 2) * (zoom / this.radius);
  }

  /** Gives the memory of the graphics card back. */
  dispose(): void {
    const { gl } = this;
    gl.deleteBuffer(this.buffers.position);
    gl.deleteBuffer(this.buffers.normal);
    gl.deleteBuffer(this.buffers.index);
    gl.deleteVertexArray(this.vertices);
    this.indices = 0;
  }
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = need(gl.createProgram());
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = need(gl.createShader(kind));
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(`the graphics driver refused a shader: ${gl.getShaderInfoLog(shader) ?? ""}`);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(`the graphics driver refused the program: ${gl.getProgramInfoLog(program) ?? ""}`);
  return program;
}

function need<T>(thing: T | null): T {
  if (thing === null) throw new Error("the graphics driver is out of memory");
  return thing;
}
