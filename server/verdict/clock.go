package verdict

// clock is what is known of a client's clock: how far it is ahead of ours, in
// microseconds.
//
// The best figure is that of a traced message which the client received: the
// times at which we wrote it, it got it, it answered, and we got the answer
// give the offset with an error of at most half the journey, and the shortest
// journey counts. Without one, a client that has only sent is taken to be ahead
// by what its sends seem to arrive early, less half the shortest answer to a
// ping: then the fastest send took that half, and slower ones show as slower.
type clock struct {
	measured bool
	offset   int64 // client − server
	journey  int64 // there and back, of the measurement

	trip int64 // shortest answer to a ping; 0: none yet
	sent bool
	lead int64 // largest (client's send time − our receipt)
}

// heard notes the time that an answer to a ping took.
func (c *clock) heard(trip int64) {
	if c.trip == 0 || trip < c.trip {
		c.trip = max(trip, 1)
	}
}

// received notes when a send left by the client's clock and came by ours.
func (c *clock) received(client, server int64) {
	if lead := client - server; !c.sent || lead > c.lead {
		c.sent, c.lead = true, lead
	}
}

// exchanged notes a message's journey to the client and its answer's back.
func (c *clock) exchanged(written, got, answered, heard int64) {
	journey := (heard - written) - (answered - got)
	if journey < 0 || c.measured && journey >= c.journey {
		return
	}
	c.measured, c.journey = true, journey
	c.offset = ((got - written) + (answered - heard)) / 2
}

// server returns a time of the client's clock by ours.
func (c *clock) server(client int64) int64 {
	switch {
	case c.measured:
		return client - c.offset
	case c.sent:
		return client - c.lead - c.trip/2
	}
	return client
}
