package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Status is how a finding is.
type Status string

// The statuses. A Skipped check lacks something that only the caller can give.
const (
	OK      Status = "ok"
	Warn    Status = "warn"
	Fail    Status = "FAIL"
	Skipped Status = "skip"
)

// Finding is what one check found.
type Finding struct {
	Check  string   `json:"check"`
	Status Status   `json:"status"`
	Reason string   `json:"reason"`
	Fix    string   `json:"fix,omitempty"` // the next step; empty when it is ok
	Add    []string `json:"add,omitempty"` // the lines that are missing somewhere, as they are to be written
}

// Report is what all checks found.
type Report struct {
	OK       bool      `json:"ok"` // nothing failed
	Findings []Finding `json:"checks"`
}

func (r *Report) add(f Finding) {
	r.Findings = append(r.Findings, f)
	if f.Status == Fail {
		r.OK = false
	}
}

func (r *Report) ok(check, reason string, args ...any) {
	r.add(Finding{Check: check, Status: OK, Reason: fmt.Sprintf(reason, args...)})
}

func (r *Report) warn(check, fix, reason string, args ...any) {
	r.add(Finding{Check: check, Status: Warn, Fix: fix, Reason: fmt.Sprintf(reason, args...)})
}

func (r *Report) fail(check, fix, reason string, args ...any) {
	r.add(Finding{Check: check, Status: Fail, Fix: fix, Reason: fmt.Sprintf(reason, args...)})
}

func (r *Report) skip(check, fix, reason string, args ...any) {
	r.add(Finding{Check: check, Status: Skipped, Fix: fix, Reason: fmt.Sprintf(reason, args...)})
}

// write adds the lines to write to the last finding.
func (r *Report) write(lines ...string) {
	last := &r.Findings[len(r.Findings)-1]
	last.Add = append(last.Add, lines...)
}

// Text writes the report for a person: a line per check, the way out below it.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	counts := map[Status]int{}
	for _, f := range r.Findings {
		counts[f.Status]++
		fmt.Fprintf(&b, "%-4s  %-13s %s\n", f.Status, f.Check, f.Reason)
		if f.Fix != "" {
			fmt.Fprintf(&b, "%20s-> %s\n", "", f.Fix)
		}
		for _, line := range f.Add {
			fmt.Fprintf(&b, "%25s%s\n", "", line)
		}
	}
	fmt.Fprintf(&b, "\n%d ok, %d to look at, %d failed, %d skipped\n", counts[OK], counts[Warn], counts[Fail], counts[Skipped])
	_, err := io.WriteString(w, b.String())
	return err
}

// JSON writes the report for a program.
func (r *Report) JSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}
