package wire_test

import (
	"testing"

	"parley/internal/wire"
)

func TestChannelOf(t *testing.T) {
	for _, tt := range []struct {
		class    wire.Class
		kind     wire.Kind
		format   wire.Format
		targeted bool
		want     wire.Channel
	}{
		{want: wire.ChannelOnMessage},
		{class: wire.ClassLossy, want: wire.ChannelOnLossy},
		{format: wire.FormatJSON, want: wire.ChannelOnMessage},
		{kind: wire.KindCommand, targeted: true, want: wire.ChannelOnCommand},
		{kind: wire.KindCommand, format: wire.FormatBytes, want: wire.ChannelOnCommand},
		{kind: wire.KindData, format: wire.FormatBytes, want: wire.ChannelOnData},
		{kind: wire.KindData, format: wire.FormatBytes, targeted: true, want: wire.ChannelOnTargetedData},
		{class: wire.ClassLossy, format: wire.FormatBytes, want: wire.ChannelOnData},
	} {
		if got := wire.ChannelOf(tt.class, tt.kind, tt.format, tt.targeted); got != tt.want {
			t.Errorf("%v %v %v targeted=%v is on %v, want %v", tt.class, tt.kind, tt.format, tt.targeted, got, tt.want)
		}
	}
}
