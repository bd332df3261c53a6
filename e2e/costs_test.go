package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/e2e/internal/largestack"
	"dynamoguard/e2e/internal/wire"
)

// A cost is measured of the pack and of an analyzer without a policy.
type cost struct {
	what  string
	limit float64 // how many times the other's the pack's may be; 0 is none
	of    func(*run) float64
	unit  func(float64) string
}

var costs = []cost{
	{"start of the process to its answer to Handshake", 1.5, func(r *run) float64 { return r.ready.Seconds() }, milliseconds},
	{"round trip of Analyze, of 10,000 resources on average", 1.5, func(r *run) float64 { return r.trip("") }, milliseconds},
	{"... of the 1,000 that are tables", 0, func(r *run) float64 { return r.trip("table") }, milliseconds},
	{"... of the 3,000 that hold documents", 0, func(r *run) float64 { return r.trip("document") }, milliseconds},
	{"... of the others", 0, func(r *run) float64 { return r.trip("other") }, milliseconds},
	{"AnalyzeStack of 10,000 resources", 1.8, func(r *run) float64 { return r.stack.Seconds() }, milliseconds},
	{"peak memory at 10,000 resources", 2, func(r *run) float64 { return float64(r.memory) }, megabytes},
}

func milliseconds(seconds float64) string { return fmt.Sprintf("%.3g ms", seconds*1000) }
func megabytes(bytes float64) string      { return fmt.Sprintf("%.0f MB", bytes/1e6) }

// BenchmarkCosts sends the run of a large stack to both analyzers, one
// request to the one and then to the other, so that whatever else the machine
// does weighs on both alike. It prints a table, of the medians of several
// runs, and fails where the pack costs more than it may.
func BenchmarkCosts(b *testing.B) {
	const rounds, services = 7, 10_000 / largestack.PerService
	pack, empty := harness.Pack(b), harness.Command(b, "dynamoguard/e2e/emptyanalyzer")
	stack := largestack.New(b, services)
	var packs, empties []*run
	for b.Loop() {
		packs, empties = nil, nil
		for range rounds {
			runs := measure(b, stack, pack, empty)
			packs, empties = append(packs, runs[0]), append(empties, runs[1])
		}
	}
	b.ReportMetric(0, "ns/op") // is that of all of it

	var table strings.Builder
	fmt.Fprintf(&table, "\n| What | DynamoGuard | Empty analyzer | Times | At most |\n|---|---|---|---|---|\n")
	for _, c := range costs {
		var ours, theirs, times []float64
		for i := range packs {
			ours, theirs = append(ours, c.of(packs[i])), append(theirs, c.of(empties[i]))
			times = append(times, ours[i]/theirs[i])
		}
		ratio, limit := median(times), "" // of pairs, since load comes and goes
		if c.limit > 0 {
			limit = fmt.Sprint(c.limit)
			if ratio > c.limit {
				limit += ": exceeded"
				b.Errorf("%s: %.2f times an empty analyzer, want at most %v", c.what, ratio, c.limit)
			}
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %.2f (%.2f to %.2f) | %s |\n", c.what,
			c.unit(median(ours)), c.unit(median(theirs)), ratio, slices.Min(times), slices.Max(times), limit)
	}
	fmt.Println(table.String()) // Log would cut it short
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// A run is what one analyzer took for the run of a stack.
type run struct {
	ready  time.Duration
	trips  map[string][]time.Duration // of Analyze, by the class of the resource
	stack  time.Duration
	memory int64 // bytes, at most
}

// trip is the mean round trip of Analyze in seconds, of a class of resources
// or of all.
func (r *run) trip(class string) float64 {
	var sum time.Duration
	n := 0
	for of, trips := range r.trips {
		if class == "" || class == of {
			for _, trip := range trips {
				sum += trip
			}
			n += len(trips)
		}
	}
	return sum.Seconds() / float64(n)
}

// measure sends the run of a stack to new processes of the binaries, in turns.
func measure(b *testing.B, stack []largestack.Resource, binaries ...string) []*run {
	b.Helper()
	ctx := b.Context()
	var plugins []*wire.Plugin
	var runs []*run
	for _, binary := range binaries {
		p := wire.Start(b, binary, wire.Engine(b))
		plugins, runs = append(plugins, p), append(runs, &run{ready: p.Ready, trips: map[string][]time.Duration{}})
		if _, err := p.ConfigureStack(ctx, &pulumirpc.AnalyzerStackConfigureRequest{
			Organization: "acme", Project: harness.Project, Stack: harness.StackName, Config: map[string]string{"aws:region": "us-east-1"},
		}); err != nil {
			b.Fatal(err)
		}
		if _, err := p.Configure(ctx, &pulumirpc.ConfigureAnalyzerRequest{}); err != nil {
			b.Fatal(err)
		}
	}
	took := func(call func() error) time.Duration {
		start := time.Now()
		if err := call(); err != nil {
			b.Fatal(err)
		}
		return time.Since(start)
	}
	for i, r := range stack {
		for turn := range plugins {
			n := (i + turn) % len(plugins)
			p, class := plugins[n], r.Class()
			took(func() error { _, err := p.Remediate(ctx, r.Remediate); return err })
			trip := took(func() error { _, err := p.Analyze(ctx, r.Analyze); return err })
			runs[n].trips[class] = append(runs[n].trips[class], trip)
		}
	}
	all := &pulumirpc.AnalyzeStackRequest{}
	for _, r := range stack {
		all.Resources = append(all.Resources, r.AnalyzeStack)
	}
	for n, p := range plugins {
		runs[n].stack = took(func() error { _, err := p.AnalyzeStack(ctx, all); return err })
		runs[n].memory = p.PeakMemory()
		took(func() error { _, err := p.Cancel(ctx, &emptypb.Empty{}); return err })
		p.WaitEnd()
	}
	return runs
}
