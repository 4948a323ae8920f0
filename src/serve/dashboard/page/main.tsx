import { render } from 'preact'
import { App } from './app.tsx'
import { createStore, follow } from './store.ts'
import 'uplot/dist/uPlot.min.css'
import './style.css'

const root = document.getElementById('app')
if (!root) throw new TypeError('index.html has no #app')
const store = createStore()
render(<App store={store} />, root)
void follow(store)
