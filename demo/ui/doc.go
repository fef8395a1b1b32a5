// Package ui is what the demo looks like: vugu components, one markup file
// and one Go file each. They show a chat.User and pass events on to it; they
// keep no state of their own beyond what is on the screen.
//
// What the renderer asks of the markup, and where it would bite:
//
//   - It patches the page by position. An element that comes and goes stands
//     in a container that stays, so that its neighbours, and the focus in
//     them, are left alone.
//   - Children without anything dynamic are written as one piece of HTML on
//     every picture. A link among them would lose the focus each time, so
//     links have at least one dynamic attribute.
//   - It draws under a lock that events need too, and the browser sends blur
//     and change while a focused field is taken away. No component listens for
//     those on text fields.
//   - A container whose last child goes is emptied only if some text is left
//     in it: markup keeps white space there. A container without any child is
//     never touched, which is where the barrage flies.
package ui

//go:generate go tool vugugen -skip-go-mod -skip-main .
//go:generate go tool gofumpt -w .
