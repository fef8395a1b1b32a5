package wire

// ChannelOf returns the channel of a message in a room: what decides which of a
// page's listeners hears it. targeted: it went to chosen members.
func ChannelOf(class Class, kind Kind, format Format, targeted bool) Channel {
	switch {
	case kind == KindCommand:
		return ChannelOnCommand
	case kind == KindData || format == FormatBytes:
		if targeted {
			return ChannelOnTargetedData
		}
		return ChannelOnData
	case class == ClassLossy:
		return ChannelOnLossy
	}
	return ChannelOnMessage
}
