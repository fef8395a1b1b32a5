package node

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/internal/wire"
)

// metrics counts what the gateway does. Labels have few values: never a user
// or a room.
type metrics struct {
	registry  *prometheus.Registry
	accepted  prometheus.Counter
	logins    *prometheus.CounterVec
	refused   *prometheus.CounterVec
	published *prometheus.CounterVec
	directs   prometheus.Counter
	asked     *prometheus.CounterVec
	closed    *prometheus.CounterVec
	reloads   *prometheus.CounterVec
	callbacks map[string]prometheus.Counter

	reliable, lossy prometheus.Counter // of published, looked up once
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		accepted: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "parley_connections_accepted_total", Help: "WebSocket connections accepted.",
		}),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_logins_total", Help: "Sessions opened (new) or taken up again after a cut (resumed).",
		}, []string{"kind"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_requests_refused_total", Help: "Requests refused, by core error code.",
		}, []string{"code"}),
		published: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_room_messages_total", Help: "Messages accepted for rooms, by class.",
		}, []string{"class"}),
		directs: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "parley_direct_messages_total", Help: "Messages outside rooms that a session of their receiver has taken.",
		}),
		asked: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_business_messages_total", Help: "Messages of clients that were sent to their business servers, by core error code; OK: answered with success.",
		}, []string{"code"}),
		closed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_connections_closed_total", Help: "Connections ended, by the close code that the server gave; 0: the client left.",
		}, []string{"code"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_config_reloads_total", Help: "Times that the settings were read again: applied, unchanged (or a restart is needed), refused (the old ones stay).",
		}, []string{"result"}),
	}
	m.reliable = m.published.WithLabelValues("reliable")
	m.lossy = m.published.WithLabelValues("lossy")
	m.callbacks = map[string]prometheus.Counter{}
	for name, help := range map[string]string{
		"queued":    "Events stored for business servers, those put into the queue again included.",
		"delivered": "Events that business servers have accepted.",
		"retried":   "Tries of events that failed and will be made again.",
		"dead":      "Events given up after the last try.",
	} {
		m.callbacks[name] = prometheus.NewCounter(prometheus.CounterOpts{Name: "parley_callbacks_" + name + "_total", Help: help})
		m.registry.MustRegister(m.callbacks[name])
	}
	m.registry.MustRegister(m.accepted, m.logins, m.refused, m.published, m.directs, m.asked, m.closed, m.reloads,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// gauge adds a figure that is read when asked for.
func (m *metrics) gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *metrics) Accepted() { m.accepted.Inc() }

func (m *metrics) LoggedIn(resumed bool) {
	if resumed {
		m.logins.WithLabelValues("resumed").Inc()
		return
	}
	m.logins.WithLabelValues("new").Inc()
}

func (m *metrics) Refused(code wire.Code) { m.refused.WithLabelValues(code.String()).Inc() }

func (m *metrics) Published(class wire.Class) {
	if class == wire.ClassLossy {
		m.lossy.Inc()
		return
	}
	m.reliable.Inc()
}

func (m *metrics) Direct() { m.directs.Inc() }

func (m *metrics) Asked(outcome wire.Code) { m.asked.WithLabelValues(outcome.String()).Inc() }

func (m *metrics) Closed(code wire.CloseCode) {
	m.closed.WithLabelValues(strconv.Itoa(int(code))).Inc()
}

func (m *metrics) CallbacksQueued(n int) { m.callbacks["queued"].Add(float64(n)) }

func (m *metrics) CallbackDelivered() { m.callbacks["delivered"].Inc() }

func (m *metrics) CallbackRetried() { m.callbacks["retried"].Inc() }

func (m *metrics) CallbackDead() { m.callbacks["dead"].Inc() }
