package report

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
)

// An engineEvent is a line of what the engine writes of a run, as far as it is about policies.
//
// Source: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/events.go
type engineEvent struct {
	Sequence *int        `json:"sequence"`
	Prelude  *struct{}   `json:"preludeEvent"`
	Resource *eventOf    `json:"resourcePreEvent"`
	Said     *eventSaid  `json:"policyEvent"`
	Mended   *eventMend  `json:"policyRemediationEvent"`
	Judged   *eventJudge `json:"policyAnalyzeSummaryEvent"`
	Ended    *eventJudge `json:"policyAnalyzeStackSummaryEvent"`
	Summary  *struct {
		Packs map[string]string `json:"PolicyPacks"`
	} `json:"summaryEvent"`
}

type (
	eventOf struct {
		Metadata struct {
			Op  string       `json:"op"`
			URN resource.URN `json:"urn"`
		} `json:"metadata"`
	}
	eventSaid struct {
		URN        resource.URN `json:"resourceUrn"`
		Message    string       `json:"message"`
		Policy     string       `json:"policyName"`
		Pack       string       `json:"policyPackName"`
		Version    string       `json:"policyPackVersion"`
		Level      string       `json:"enforcementLevel"`
		Severity   string       `json:"severity"`
		Exceptions []Exception  `json:"exceptions"`
	}
	eventMend struct {
		URN    resource.URN   `json:"resourceUrn"`
		Policy string         `json:"policyName"`
		Pack   string         `json:"policyPackName"`
		Before map[string]any `json:"before"`
		After  map[string]any `json:"after"`
	}
	eventJudge struct {
		URN    resource.URN `json:"resourceUrn"`
		Pack   string       `json:"policyPackName"`
		Passed []string     `json:"passed"`
	}
)

// mostEvent is more than one event takes, in bytes.
const mostEvent = 400 << 20

// errNoPack is a log of a run that the pack did not judge.
var errNoPack = errors.New("it has events of the engine, and none of the policy pack " + policy.PackPolicy + ": it did not judge this run")

// errNoEvents is a text that is no log.
var errNoEvents = errors.New("it has no events of the engine: make it with --event-log, with PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true pulumi preview --json, or with pulumi policy analyze --json")

// Events adds a run by the lines that the engine wrote of it. They have what the CLI shows, and which policies passed; what was unknown
// or had nothing to judge they leave out, and so does the report. After an error in the middle of the text, such as of a run that was
// killed, the report has what came before it.
func (m *Maker) Events(in io.Reader) error {
	m.report.Configuration = "" // a notice may tell
	r := &eventReader{
		Maker: m, byName: map[string]int{}, stacks: map[resource.URN]int{},
		judged: map[resource.URN]map[string]*Judgement{}, counted: map[resource.URN]bool{},
	}
	for i, p := range m.report.Policies {
		r.byName[p.Name] = i
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, mostEvent)
	events, line := 0, 0
	var err error
	for err == nil && lines.Scan() {
		line++
		text := bytes.TrimSpace(lines.Bytes())
		if len(text) == 0 {
			continue
		}
		var e engineEvent
		switch err = json.Unmarshal(text, &e); {
		case err != nil && events > 0:
			err = fmt.Errorf("line %d is no event of the engine: %w", line, err)
		case err != nil || e.Sequence == nil:
			err = errNoEvents
		default:
			events++
			r.event(&e)
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		err = fmt.Errorf("line %d is larger than %d MB", line+1, mostEvent>>20)
	} else if lines.Err() != nil {
		err = lines.Err()
	}
	switch {
	case err != nil:
	case events == 0:
		err = errNoEvents
	case !r.ours:
		err = errNoPack
	}
	r.finish()
	return err
}

type eventReader struct {
	*Maker
	byName  map[string]int       // in report.Policies
	stacks  map[resource.URN]int // in report.Stacks, by root
	order   []resource.URN
	judged  map[resource.URN]map[string]*Judgement
	counted map[resource.URN]bool

	ours bool // the pack judged
	run  bool // it is of a run, and not of pulumi policy analyze, which always judges a stack as a whole
	end  bool // the stack was judged as a whole
}

func (r *eventReader) event(e *engineEvent) {
	switch {
	case e.Prelude != nil:
		r.run = true
	case e.Resource != nil:
		r.run = true
		// A replacement has an event for each of its steps.
		if urn := e.Resource.Metadata.URN; !strings.HasPrefix(e.Resource.Metadata.Op, "delete") && urn.Valid() && !r.counted[urn] {
			r.counted[urn] = true
			r.stackOf(urn).Resources++
		}
	case e.Said != nil && e.Said.Pack == policy.PackPolicy:
		r.ours = true
		r.report.Version = e.Said.Version
		r.said(e.Said)
	case e.Mended != nil && e.Mended.Pack == policy.PackPolicy:
		r.ours = true
		r.mended(e.Mended)
	case e.Judged != nil && e.Judged.Pack == policy.PackPolicy:
		r.ours = true
		for _, name := range e.Judged.Passed {
			if e.Judged.URN.Valid() {
				r.policy(name, "")
				r.judgement(e.Judged.URN, name)
			}
		}
	case e.Ended != nil && e.Ended.Pack == policy.PackPolicy:
		r.ours, r.end = true, true
	case e.Summary != nil:
		for name, version := range e.Summary.Packs {
			if name, _, _ = strings.Cut(name, "|"); name == policy.PackPolicy {
				r.ours = true
				r.report.Version = strings.TrimPrefix(version, "v")
			}
		}
	}
}

var (
	colour        = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`<\{%[^%]*%\}>`) }) // as the engine writes one
	configuration = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\s*\(configuration ([0-9a-f]+)\)$`) })
)

// said adds what a policy says: a notice, what could not be judged, or one or several findings.
func (r *eventReader) said(e *eventSaid) {
	message := strings.TrimSpace(colour().ReplaceAllString(e.Message, ""))
	stack := r.stackOf(e.URN).Name
	severity := r.policy(e.Policy, e.Severity).Severity
	level := policy.Advisory.String()
	if e.Level == "mandatory" || e.Level == "remediate" {
		level = policy.Mandatory.String()
	}
	r.report.Messages = append(r.report.Messages, Message{
		Policy: e.Policy, Severity: severity, Level: level, Stack: stack, URN: e.URN, Text: message, Exceptions: e.Exceptions,
	})
	if e.Policy == policy.PackPolicy {
		if found := configuration().FindStringSubmatch(message); found != nil {
			r.report.Configuration = found[1]
		}
		sentence, items := lines(configuration().ReplaceAllString(message, ""))
		r.report.Notices = append(r.report.Notices, Notice{Stack: stack, Text: sentence, Items: items})
		return
	}
	if reason, ok := strings.CutPrefix(message, policy.NotJudged); ok {
		j := r.judgement(e.URN, e.Policy)
		j.Outcome, j.Reason, j.Errors = Errored, reason, append(j.Errors, reason)
		return
	}
	for _, f := range findingsOf(message) {
		f.Policy, f.Severity, f.Level, f.Outcome, f.Stack, f.URN, f.Exceptions = e.Policy, severity, level, Failed, stack, e.URN, e.Exceptions
		j := r.judgement(e.URN, e.Policy)
		switch {
		case len(e.Exceptions) == 0:
			j.Outcome, j.Reason = Failed, ""
		case j.Outcome != Failed:
			j.Outcome, j.Reason = Exempt, byException
		}
		if len(e.Exceptions) > 0 {
			f.Outcome = Exempt
		}
		r.found(f)
	}
}

// What changes in a message though what it is about does not: the place of a statement among others, and the time of an index or of a
// state.
var (
	numbered = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`Statement\[\d+\]`) })
	dated    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(` of \d{4}-\d\d-\d\d \d\d:\d\d UTC`) })
)

// undated is a message without the time of what it is known by, so that who keeps messages sees what they say change, and nothing else.
func undated(message string) string { return dated().ReplaceAllString(message, "") }

// found adds a finding.
func (r *eventReader) found(f Finding) {
	f.Fingerprint = r.only(digest(f.Policy, string(f.URN), numbered().ReplaceAllString(undated(f.Wrong), "")))
	r.report.Findings = append(r.report.Findings, f)
}

// lines are a sentence, and what it enumerates.
func lines(message string) (sentence string, items []string) {
	sentence, rest, ok := strings.Cut(message, "\n")
	if ok {
		for item := range strings.SplitSeq(rest, "\n") {
			items = append(items, strings.TrimSpace(item))
		}
	}
	return strings.TrimSpace(sentence), items
}

var several = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\d+ findings(?: with one remedy, (.*))?$`) })

// findingsOf are the findings of a message, as policy.AtOnce and policy.AtEnd word them.
func findingsOf(message string) []Finding {
	sentence, items := lines(message)
	if i := strings.LastIndex(sentence, ". "+soc2.Framework+": "); i >= 0 {
		sentence = sentence[:i]
	}
	sentence = strings.TrimSuffix(sentence, ".")
	together := several().FindStringSubmatch(sentence)
	if together == nil || items == nil {
		return []Finding{clauses(sentence)}
	}
	var list []Finding
	for _, item := range items {
		f := Finding{Wrong: item, Remedy: together[1]}
		if together[1] == "" {
			f = clauses(item)
		}
		list = append(list, f)
	}
	return list
}

// clauses parts what is wrong from what to write instead, at the last semicolon that is not in a value.
func clauses(sentence string) Finding {
	at, in := -1, false
	for i := 0; i < len(sentence); i++ {
		switch {
		case in && sentence[i] == '\\':
			i++
		case sentence[i] == '"':
			in = !in
		case !in && strings.HasPrefix(sentence[i:], "; "):
			at = i
		}
	}
	if at < 0 {
		return Finding{Wrong: sentence}
	}
	return Finding{Wrong: sentence[:at], Remedy: sentence[at+len("; "):]}
}

// mended adds a resource whose inputs were changed. It names the properties; their values may be secrets.
func (r *eventReader) mended(e *eventMend) {
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(e.After)) {
		if !reflect.DeepEqual(e.Before[name], e.After[name]) {
			changed = append(changed, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Before)) {
		if _, ok := e.After[name]; !ok {
			changed = append(changed, name)
		}
	}
	f := Finding{
		Policy: e.Policy, Level: policy.Mandatory.String(), Outcome: Failed, Mended: true, Stack: r.stackOf(e.URN).Name, URN: e.URN,
		Severity: r.policy(e.Policy, "").Severity, Wrong: "its inputs were changed: " + strings.Join(changed, ", "),
	}
	r.judgement(e.URN, e.Policy)
	r.found(f)
}

// judgement is what a policy made of a resource: that it passed, as far as is known.
func (r *eventReader) judgement(urn resource.URN, name string) *Judgement {
	r.stackOf(urn)
	if r.judged[urn] == nil {
		r.judged[urn] = map[string]*Judgement{}
		r.order = append(r.order, urn)
	}
	if r.judged[urn][name] == nil {
		r.judged[urn][name] = &Judgement{Policy: name, Outcome: Passed}
	}
	return r.judged[urn][name]
}

// policy is the one of a name. What another version of the pack has is known by that alone.
func (r *eventReader) policy(name, severity string) *Policy {
	i, ok := r.byName[name]
	if !ok {
		i = len(r.report.Policies)
		r.byName[name] = i
		r.report.Policies = append(r.report.Policies, Policy{
			Name: name, Title: name, Severity: cmp.Or(severity, policy.Medium.String()), Level: policy.Advisory.String(), Default: policy.Advisory.String(),
		})
	}
	return &r.report.Policies[i]
}

func (r *eventReader) stackOf(urn resource.URN) *Stack {
	root := urn.RootURN()
	i, ok := r.stacks[root]
	if !ok {
		i = len(r.report.Stacks)
		r.stacks[root] = i
		r.report.Stacks = append(r.report.Stacks, Stack{
			Name: urn.Project() + "/" + urn.Stack(), Project: urn.Project(), Stack: urn.Stack(), Environment: r.environment(urn),
		})
	}
	return &r.report.Stacks[i]
}

// finish adds the resources, when all is known of each.
func (r *eventReader) finish() {
	for i := range r.report.Stacks {
		r.report.Stacks[i].Ended = r.end || !r.run
	}
	for _, urn := range r.order {
		kept := Resource{URN: urn, Stack: r.stackOf(urn).Name}
		worst := map[soc2.ID]Outcome{}
		for _, name := range slices.SortedFunc(maps.Keys(r.judged[urn]), func(a, b string) int { return r.byName[a] - r.byName[b] }) {
			j := *r.judged[urn][name]
			kept.Judgements = append(kept.Judgements, j)
			r.count(r.byName[name], j.Outcome, worst)
		}
		r.add(kept, worst)
	}
}
