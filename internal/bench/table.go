package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"time"
)

// The page's text outside of the markers is written by people and kept.
const (
	beginMarker = "<!-- bench:begin, written by make bench -->"
	endMarker   = "<!-- bench:end -->"
)

// report is what the page shows.
type report struct {
	samples  samples
	problems []string
	quick    bool
	cut      bool
	rounds   int
	date     time.Time
	took     time.Duration
	machine  machine
}

func (r report) markdown() string {
	var out strings.Builder
	kind := fmt.Sprintf("median of %d rounds", r.rounds)
	if r.rounds == 1 {
		kind = "one round"
	}
	if r.quick {
		kind += ", short runs: to see that all works, not to quote"
	}
	if r.cut {
		kind += ", cut short"
	}
	fmt.Fprintf(&out, "Measured on %s in %s: %s.\n", r.date.UTC().Format("2006-01-02"), r.took.Round(time.Second), kind)
	fmt.Fprintf(&out, "Machine: %d cores of %s, %s, Linux %s.\n", runtime.NumCPU(), r.machine.cpu, r.machine.memory, r.machine.kernel)
	fmt.Fprintf(&out, "Versions: %s.\n\n### Budgets\n\n", strings.Join(r.machine.versions, ", "))

	table := [][]string{{"what", "target", "Parley", "best peer", "ratio", ""}}
	for _, row := range rows(r.samples) {
		judged := string(row.verdict)
		if row.disturbed && row.verdict != unmeasured {
			judged += ` \*`
		}
		table = append(table, []string{row.what, row.target, row.ours, row.peer, row.rate, judged})
	}
	writeTable(&out, table)
	out.WriteString("\n\\* only runs in which others took more than a tenth of the server's or the generator's core.\n")
	r.details(&out)
	if len(r.problems) > 0 {
		out.WriteString("\n### What went wrong in these runs\n\n")
		for _, p := range r.problems {
			fmt.Fprintf(&out, "- %s\n", p)
		}
	}
	return strings.TrimRight(out.String(), "\n")
}

// column is one figure of a details table.
type column struct {
	title, metric string
	unit          unit
}

func (r report) details(out *strings.Builder) {
	var fan, late []column
	for _, w := range windows {
		fan = append(fan, column{fmt.Sprintf("%d outstanding", w), perCore(w), perSecond})
	}
	for _, rate := range rates {
		late = append(late,
			column{short(rate) + "/s p50", p50At(rate), micros},
			column{"p99", p99At(rate), micros},
			column{"CPU", cpuAt(rate), percent})
	}
	r.detail(out, "Fan-out to 1,000 members, deliveries per second of server CPU time", fan)
	r.detail(out, "Latency of the same at fixed rates, where the rate was held", late)
	r.detail(out, "1:1, and idle connections", []column{
		{"1:1 p50", pairsP50, micros},
		{"p99", pairsP99, micros},
		{"bytes per idle connection", idleBytes, kibibytes},
		{"joins per CPU second", joinsPerCore, perSecond},
	})
	r.detail(out, "Messages a second into a JavaScript listener in Chromium", []column{
		{"1 per frame", inBrowser(1), perSecond}, {"16", inBrowser(16), perSecond}, {"64", inBrowser(64), perSecond},
	})
	r.detail(out, "Starting", []column{
		{"page, cold", startCold, millis},
		{"page, warm", startWarm, millis},
		{"server", bootSeconds, seconds},
		{"its memory", bootBytes, mebibytes},
	})
}

// detail writes one table, with the servers that have any of its figures.
func (r report) detail(out *strings.Builder, title string, columns []column) {
	head := []string{""}
	who := map[string]bool{}
	for _, c := range columns {
		head = append(head, c.title)
		for _, server := range r.samples.servers(c.metric) {
			who[server] = true
		}
	}
	if len(who) == 0 {
		return
	}
	table := [][]string{head}
	for _, name := range displayOrder() {
		if !who[name] {
			continue
		}
		line := []string{name}
		for _, c := range columns {
			text := "–"
			if v, ok := r.samples.of(c.metric, name); ok {
				text = cell(v, c.unit)
			}
			line = append(line, text)
		}
		table = append(table, line)
	}
	fmt.Fprintf(out, "\n### %s\n\n", title)
	writeTable(out, table)
}

// displayOrder lists servers and clients, each name once.
func displayOrder() []string {
	var names []string
	for _, s := range servers() {
		names = append(names, s.name)
	}
	for _, c := range clients {
		if c != ours {
			names = append(names, c)
		}
	}
	return names
}

func writeTable(out *strings.Builder, table [][]string) {
	for i, line := range table {
		for _, c := range line {
			if c == "" {
				c = " "
			}
			fmt.Fprintf(out, "| %s ", strings.ReplaceAll(c, "|", `\|`))
		}
		out.WriteString("|\n")
		if i == 0 {
			out.WriteString(strings.Repeat("| --- ", len(line)) + "|\n")
		}
	}
}

// writePage puts text between the markers of a page. A page without them gets
// both at its end; a page that does not exist is made.
func writePage(file, text string) error {
	page, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read page: %w", err)
	}
	next, err := replaceBetween(string(page), text)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := os.WriteFile(file, []byte(next), 0o644); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

func replaceBetween(page, text string) (string, error) {
	block := beginMarker + "\n\n" + text + "\n\n" + endMarker
	before, rest, begins := strings.Cut(page, beginMarker)
	if !begins {
		if strings.Contains(page, endMarker) {
			return "", errors.New("the page has an end marker and no begin marker")
		}
		if page != "" {
			page = strings.TrimRight(page, "\n") + "\n\n"
		}
		return page + block + "\n", nil
	}
	_, after, ends := strings.Cut(rest, endMarker)
	if !ends {
		return "", errors.New("the page has a begin marker and no end marker")
	}
	return before + block + after, nil
}
