package trace

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"parley/server/verdict"
)

var _ verdict.Tracer = (*Exporter)(nil)

// Exporter makes spans of traced messages and sends them to a collector.
type Exporter struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// New returns an exporter to a collector's base URL, such as
// http://127.0.0.1:4318; spans go to /v1/traces below it. It does not wait for
// the collector.
func New(ctx context.Context, endpoint, node string, log *slog.Logger) (*Exporter, error) {
	target, err := url.Parse(endpoint)
	if err != nil || target.Host == "" {
		return nil, fmt.Errorf("%q is not the address of a collector", endpoint)
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(strings.TrimSuffix(endpoint, "/")+"/v1/traces"))
	if err != nil {
		return nil, fmt.Errorf("make the exporter of traces: %w", err)
	}
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(logged{exporter, log}),
		sdk.WithSampler(sdk.AlwaysSample()), // who asked for the trace has chosen already
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "parley"), attribute.String("service.instance.id", node))),
	)
	return &Exporter{provider: provider, tracer: provider.Tracer("parley")}, nil
}

// logged is an exporter whose failures reach our log and not a global handler.
type logged struct {
	sdk.SpanExporter
	log *slog.Logger
}

func (l logged) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if err := l.SpanExporter.ExportSpans(ctx, spans); err != nil {
		l.log.Warn("traces were not taken", "spans", len(spans), "err", err)
	}
	return nil
}

// Stored implements [verdict.Tracer].
func (e *Exporter) Stored(m verdict.Traced) {
	_, span := e.tracer.Start(parent(m.Trace), "parley.publish",
		trace.WithTimestamp(m.Received), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attributes(m)...))
	if !m.Sent.IsZero() {
		span.AddEvent("sent by the client", trace.WithTimestamp(m.Sent))
	}
	span.End(trace.WithTimestamp(m.Logged))
}

// Delivered implements [verdict.Tracer].
func (e *Exporter) Delivered(m verdict.Traced, d verdict.Delivery) {
	end := d.Client
	if !d.Listener.IsZero() {
		end = d.Listener
	}
	if end.Before(d.Socket) { // the clocks' error
		end = d.Socket
	}
	_, span := e.tracer.Start(parent(m.Trace), "parley.deliver",
		trace.WithTimestamp(d.Socket), trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(append(attributes(m), attribute.String("parley.to", d.User), attribute.Bool("parley.heard", !d.Listener.IsZero()))...))
	span.AddEvent("at the client", trace.WithTimestamp(d.Client))
	span.End(trace.WithTimestamp(end))
}

func attributes(m verdict.Traced) []attribute.KeyValue {
	all := []attribute.KeyValue{
		attribute.String("parley.app", m.App), attribute.String("parley.room", m.Room), attribute.String("parley.from", m.From), attribute.Int("parley.bytes", m.Bytes),
	}
	if m.ID != "" {
		return append(all, attribute.String("parley.id", m.ID))
	}
	return append(all, attribute.Int64("parley.seq", int64(m.Seq)))
}

// parent is a context in which the client's span is the current one. The text
// was checked by [verdict.ValidTrace].
func parent(traceparent string) context.Context {
	parts := strings.Split(traceparent, "-")
	traceID, _ := trace.TraceIDFromHex(parts[1])
	spanID, _ := trace.SpanIDFromHex(parts[2])
	return trace.ContextWithRemoteSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceID, SpanID: spanID, TraceFlags: trace.FlagsSampled, Remote: true,
	}))
}

// Close sends what is left, within ctx.
func (e *Exporter) Close(ctx context.Context) error { return e.provider.Shutdown(ctx) }
