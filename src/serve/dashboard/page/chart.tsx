import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import type { Detail } from '../shape.ts'

type Workload = Detail['workload']

const height = 260

/** Times in seconds, replicas, then one row of values per trigger: the columns uPlot draws. */
const columns = (workload: Workload): uPlot.AlignedData => {
  const { history } = workload
  const triggers = workload.situation?.triggers ?? []
  return [
    history.map((point) => point.at / 1000),
    history.map((point) => point.replicas),
    ...triggers.map((_, index) => history.map((point) => point.values[index] ?? null)),
  ]
}

const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim()

const valueColours = ['--line-1', '--line-2', '--line-3', '--line-4'] as const

const steps = uPlot.paths.stepped?.({ align: 1 })

function options(workload: Workload, width: number): uPlot.Options {
  const axis = {
    stroke: colour('--dim'),
    grid: { stroke: colour('--grid'), width: 1 },
    ticks: { show: false },
  }
  const whole = { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] }
  return {
    width,
    height,
    scales: {
      x: { time: true },
      replicas: { range: (_, __, max) => [0, Math.max(4, Math.ceil(max * 1.15))] },
      value: { range: (_, __, max) => [0, Math.max(1, max * 1.15)] },
    },
    legend: { live: true },
    cursor: { points: { size: 6 }, drag: { x: false, y: false } },
    axes: [
      { ...axis, values: '{HH}:{mm}:{ss}', space: 90, size: 30 },
      { ...axis, scale: 'value', size: 50 },
      { ...axis, ...whole, scale: 'replicas', side: 1, size: 34, grid: { show: false } },
    ],
    series: [
      { value: '{HH}:{mm}:{ss}', label: 'time' },
      {
        label: 'replicas (right)',
        scale: 'replicas',
        stroke: colour('--accent'),
        fill: colour('--accent-soft'),
        width: 2,
        points: { show: false },
        ...(steps ? { paths: steps } : {}),
      },
      ...(workload.situation?.triggers ?? []).map((trigger, index) => ({
        label: `${trigger.type} (left)`,
        scale: 'value',
        stroke: colour(valueColours[index % valueColours.length] ?? '--line-1'),
        width: 2,
        spanGaps: false,
        points: { show: false },
      })),
    ],
  }
}

/** Fills the legend with the newest values while the pointer is elsewhere. */
function showNewest(plot: uPlot): void {
  const last = plot.data[0].length - 1
  if (typeof plot.cursor.idx !== 'number' && last >= 0) plot.setLegend({ idx: last })
}

/** Draws into `host` and follows its width; the function returned takes the drawing away. */
function draw(host: HTMLElement, workload: Workload): { plot: uPlot; remove(): void } {
  const plot = new uPlot(options(workload, host.clientWidth), columns(workload), host)
  showNewest(plot)
  const observer = new ResizeObserver(() => {
    if (host.clientWidth > 0) plot.setSize({ width: host.clientWidth, height })
  })
  observer.observe(host)
  return {
    plot,
    remove() {
      observer.disconnect()
      plot.destroy()
    },
  }
}

/** Replicas as steps (right axis) and each trigger's value as a line (left axis), on one axis of time. */
export function Chart({ workload }: { workload: Workload }): JSX.Element {
  const host = useRef<HTMLDivElement>(null)
  const drawn = useRef<ReturnType<typeof draw>>(undefined)
  const latest = useRef(workload)
  latest.current = workload
  const shape = [
    workload.namespace,
    workload.name,
    ...(workload.situation?.triggers ?? []).map((t) => t.metric),
  ].join()

  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const redraw = (): void => {
      drawn.current?.remove()
      if (host.current) drawn.current = draw(host.current, latest.current)
    }
    redraw()
    dark.addEventListener('change', redraw)
    return () => {
      dark.removeEventListener('change', redraw)
      drawn.current?.remove()
      drawn.current = undefined
    }
  }, [shape])

  useEffect(() => {
    if (!drawn.current) return
    drawn.current.plot.setData(columns(workload))
    showNewest(drawn.current.plot)
  }, [workload])

  return (
    <>
      {workload.history.length < 2 && <p class="empty">The chart begins with the second poll.</p>}
      <div
        class="chart"
        ref={host}
        role="img"
        aria-label="Replicas and values over time"
        hidden={workload.history.length < 2}
      />
    </>
  )
}
