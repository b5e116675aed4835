/** uPlot listens to a mouse; this lets a finger drag its cursor while the page still scrolls up and down. */
import type uPlot from 'uplot'

export function followTouch(el: HTMLElement, plot: () => uPlot | null): void {
  el.addEventListener('pointermove', (event) => {
    const u = plot()
    if (event.pointerType !== 'touch' || !u) return
    const box = u.over.getBoundingClientRect()
    const left = Math.min(box.width, Math.max(0, event.clientX - box.left))
    u.setCursor({ left, top: box.height / 2 })
  })
}
