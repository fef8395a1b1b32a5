package wire

// CloseCode is a WebSocket close code. Its range says whether to come back:
// 4000–4099 connect again (with the resume token), 4100–4199 don't.
type CloseCode uint16

// Close codes of the server. docs/protocol.md has the same table.
const (
	CloseNormal    CloseCode = 1000
	CloseGoingAway CloseCode = 1001

	// CloseDraining: the server stops; another node, or the same one later, takes over.
	CloseDraining CloseCode = 4000
	// CloseSlow: the client read too slowly and fell behind the room's log or its send buffer.
	CloseSlow CloseCode = 4001
	// CloseHeartbeat: no answer to a ping.
	CloseHeartbeat CloseCode = 4002
	// CloseOverloaded: over the limit of connections.
	CloseOverloaded CloseCode = 4003

	// CloseMalformed: a frame, envelope or WebSocket frame that breaks the protocol.
	CloseMalformed CloseCode = 4100
	// CloseTooLarge: a frame above the limit.
	CloseTooLarge CloseCode = 4101
	// CloseHello: no Hello in time, or something else first.
	CloseHello CloseCode = 4102
	// CloseRefused: the Hello was refused; the refusal came before.
	CloseRefused CloseCode = 4103
	// CloseRemoved: the session is over; Removed came before.
	CloseRemoved CloseCode = 4104
	// CloseSuperseded: a newer socket of the same session is in use.
	CloseSuperseded CloseCode = 4105
	// CloseFlood: more frames or bytes per second than the limit.
	CloseFlood CloseCode = 4106
	// CloseEnded: the client said Bye.
	CloseEnded CloseCode = 4107
	// CloseOrigin: pages of this origin may not connect.
	CloseOrigin CloseCode = 4108
)

// Reconnect reports whether a client should connect again after this code.
func (c CloseCode) Reconnect() bool { return c < 4100 || c > 4199 }
