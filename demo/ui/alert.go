package ui

import "parley/demo/chat"

// Alert shows one trouble: its code, what happened, and what to do next.
type Alert struct {
	Trouble chat.Trouble
}
