package sdk

// CallerCredentials is what GET /dev/credentials hands out for VERTC, with the
// address of the sample business server.
type CallerCredentials struct {
	AppID     string
	Token     string // for login
	RoomToken string // for joinRoom, good for every room
	Business  string
}
