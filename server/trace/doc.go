// Package trace hands the stations of traced messages to a collector, as spans
// of OpenTelemetry over OTLP/HTTP. A client's traceparent is the parent of all
// spans of its message:
//
//	parley.publish   from the receipt of the message until the room's log had it
//	parley.deliver   per receiver: from the socket to the page's listener, or to
//	                 its client when none listened
//
// Spans are sent in batches from a goroutine of the exporter; when the collector
// can't be reached they are dropped.
package trace
