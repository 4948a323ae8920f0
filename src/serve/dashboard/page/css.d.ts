/** Style sheets are imported for the build, which gathers them in app.css. */
declare module '*.css'
