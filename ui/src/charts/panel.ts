/** One panel of the history: points of one unit, mean as a line and min to max as a shade. mount/update/destroy, no framework. */
import uPlot from 'uplot'
import { point } from '../lib/format'
import { local, ticks } from '../lib/time'
import { alpha, inks, type Inks } from './ink'
import { followTouch } from './touch'

type Column = (number | null)[]
export type PanelLine = { name: string; colour: string; min: Column; mean: Column; max: Column }
export type PanelView = { unit: string; start: number; end: number; t: number[]; lines: PanelLine[]; last: boolean }

const AXIS_W = 74

export class PanelChart {
  private plot: uPlot | null = null
  private view: PanelView | null = null
  private ink: Inks = inks()
  private readonly resize: ResizeObserver
  private width = 0

  constructor(
    private readonly el: HTMLElement,
    private readonly zone: string,
    private readonly onCursor: (i: number | null) => void,
    private readonly onSelect: (start: number, end: number) => void,
  ) {
    this.resize = new ResizeObserver(() => {
      if (el.clientWidth !== this.width && this.view) this.update(this.view)
    })
    this.resize.observe(el)
    followTouch(el, () => this.plot)
  }

  update(view: PanelView): void {
    this.view = view
    this.ink = inks()
    this.plot?.destroy()
    this.width = this.el.clientWidth
    if (this.width < 50) return
    this.plot = new uPlot(this.options(view), this.data(view), this.el)
  }

  destroy(): void {
    this.resize.disconnect()
    this.plot?.destroy()
  }

  private data(view: PanelView): uPlot.AlignedData {
    return [view.t, ...view.lines.flatMap((line) => [line.max, line.min, line.mean])]
  }

  private options(view: PanelView): uPlot.Options {
    const { ink } = this
    const font = `11px ${ink.font}`
    const base = { stroke: ink['ink-3'], font, grid: { stroke: ink['line-soft'], width: 1 }, ticks: { show: false } }
    const at = ticks(view.start, view.end, this.zone, this.width < 520 ? 4 : 9)
    const unseen = { stroke: 'transparent', width: 0, points: { show: false } }
    const text = (value: number) => {
      const q = point(value, view.unit)
      if (view.unit === 'per_kwh') return q.text // the panel's head names it
      return `${q.text} ${q.unit}`.trim()
    }
    return {
      width: this.width,
      height: this.el.clientHeight,
      padding: [8, 14, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: 'history' }, y: false, points: { size: 6, show: (u, i) => this.cursorPoint(u, i) }, drag: { x: true, y: false, setScale: false } },
      scales: { x: { time: false, range: () => [view.start, view.end] }, y: { range: (_u, low, high) => padded(low, high) } },
      axes: [
        { ...base, splits: () => at, values: () => at.map((t) => (view.last ? this.label(t, at) : '')), size: view.last ? 24 : 6, gap: 5 },
        { ...base, size: AXIS_W, gap: 5, values: (_u, values) => values.map(text), space: 28 },
      ],
      series: [{}, ...view.lines.flatMap((line) => [unseen, unseen, { stroke: line.colour, width: 1.5, spanGaps: false, points: { show: true, filter: alone, size: 4 } }])],
      bands: view.lines.map((line, i) => ({ series: [3 * i + 1, 3 * i + 2] as [number, number], fill: alpha(line.colour, 0.22) })),
      hooks: {
        setCursor: [(u) => this.onCursor(u.cursor.idx == null || (u.cursor.left ?? -1) < 0 ? null : u.cursor.idx)],
        setSelect: [(u) => this.selected(u)],
      },
    }
  }

  /** Only means get a dot under the cursor. */
  private cursorPoint(_u: uPlot, i: number): HTMLElement {
    const dot = document.createElement('div')
    if (i % 3 !== 0) dot.style.display = 'none'
    return dot
  }

  private selected(u: uPlot): void {
    const { left, width } = u.select
    if (width < 8) return
    const [start, end] = [u.posToVal(left, 'x'), u.posToVal(left + width, 'x')]
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
    this.onSelect(start, end)
  }

  private label(t: number, all: number[]): string {
    const here = local(t, this.zone)
    const step = all.length > 1 ? all[1]! - all[0]! : 3600
    if (step >= 86400 || here.clock === '00:00:00') return here.date.slice(5)
    return here.clock.slice(0, step < 60 ? 8 : 5)
  }
}

/** A value between two holes has no line to show it: it gets a dot. */
function alone(u: uPlot, series: number): number[] {
  const column = u.data[series] ?? []
  return Array.from(column.keys()).filter((i) => column[i] != null && column[i - 1] == null && column[i + 1] == null)
}

/** Some air above and below; a flat line stands in the middle. */
function padded(low: number | null, high: number | null): [number, number] {
  if (low == null || high == null) return [0, 1]
  const span = high - low || Math.max(Math.abs(high) * 0.02, 1e-3)
  return [low - 0.08 * span, high + 0.08 * span]
}
