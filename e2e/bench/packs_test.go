package bench

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/e2e/internal/largestack"
	"dynamoguard/e2e/internal/wire"
)

// A pack is any analyzer plugin, by the command that starts it for an engine,
// and the file or folder that has to be there for that.
type pack struct {
	name      string
	command   func(engine string) *exec.Cmd
	installed string
}

func binary(name, file string) pack {
	return pack{name, func(engine string) *exec.Cmd { return exec.Command(file, engine) }, file}
}

func dynamoGuard(b *testing.B) pack { return binary("DynamoGuard", harness.Pack(b)) }

func empty(b *testing.B) pack {
	return binary("an empty analyzer", harness.Command(b, "dynamoguard/e2e/emptyanalyzer"))
}

// node is a pack for Node, as Pulumi's language host for it starts one.
//
// Source: https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/nodejs/dist/pulumi-analyzer-policy
func node(b *testing.B, name, folder string) pack {
	b.Helper()
	folder, err := filepath.Abs(folder)
	if err != nil {
		b.Fatal(err)
	}
	run := filepath.Join(folder, "node_modules", "@pulumi", "pulumi", "cmd", "run-policy-pack")
	if _, err := os.Stat(run); err != nil {
		b.Fatalf("%s is not installed, by `npm ci` in %s: %v", name, folder, err)
	}
	return pack{name, func(engine string) *exec.Cmd {
		command := exec.Command("node", "--no-warnings", run, engine, folder)
		command.Dir = folder // of which its package.json is read
		return command
	}, folder}
}

// size is what has to be there for a pack to run, in bytes, without Node.
func (p pack) size(b *testing.B) float64 {
	b.Helper()
	var size int64
	err := filepath.WalkDir(p.installed, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return float64(size)
}

// packs compares the pack with an analyzer without a policy, as both answer
// the run of a stack of 10,000 resources. All policies are at their defaults.
func packs(b *testing.B, t *table) {
	const rounds = 3
	pair := [2]pack{dynamoGuard(b), empty(b)}
	stack := largestack.New(b, 10_000/largestack.PerService)
	var runs []result
	for range rounds {
		runs = append(runs, measure(b, pair, stack))
	}
	add := func(what string, unit unit, limit limit, of func(run) []float64) {
		t.add(compare(what, unit, limit, pair[1].name, runs, of))
	}
	add("start of the process to its answer to Handshake", seconds, limit{atMost: 1.5, allowed: 2}, starts)
	add("round trip of Analyze, the mean of 10,000 resources", seconds, limit{atMost: 1.5}, trip(""))
	add("... of the 1,000 that are tables", seconds, limit{}, trip("table"))
	add("... of the 3,000 that hold documents", seconds, limit{}, trip("document"))
	add("... of the others", seconds, limit{}, trip("other"))
	add("AnalyzeStack of 10,000 resources", seconds, limit{atMost: 1.8}, stacks)
	add("peak memory at 10,000 resources", megabytes, limit{atMost: 2}, memory)
	t.add(linear(b, pair[0], runs))
}

// linear compares the end of a stack of 100,000 resources, all of which have
// been judged before, with ten times that of 10,000.
func linear(b *testing.B, p pack, runs []result) row {
	const times = 10
	stack := largestack.New(b, times*10_000/largestack.PerService)
	plugin := start(b, p, wire.Engine(b))
	configure(b, plugin)
	var all sync.WaitGroup
	const callers = 8 // what it takes is not measured
	for i := range callers {
		all.Go(func() {
			for n := i; n < len(stack); n += callers {
				if _, err := plugin.Analyze(b.Context(), stack[n].Analyze); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	r := row{
		what: "AnalyzeStack of 100,000 resources", unit: seconds, than: "ten times that of 10,000",
		limit: limit{atMost: 1.25},
	}
	var small []float64
	for _, run := range runs {
		small = append(small, run[0].stacks...)
	}
	for range 3 {
		r.ours, r.theirs = append(r.ours, analyzeStack(b, plugin, stack)), append(r.theirs, times*median(small))
	}
	end(b, plugin)
	return r
}

// awsGuard compares the pack, with all its policies, with AWSGuard, of which
// nothing is enabled but its one rule on DynamoDB.
func awsGuard(b *testing.B, t *table) {
	const rounds = 3
	pair := [2]pack{dynamoGuard(b), node(b, "AWSGuard", "awsguard")}
	stack := largestack.New(b, 1_000/largestack.PerService)
	var runs []result
	for range rounds {
		runs = append(runs, measure(b, pair, stack))
	}
	add := func(what string, unit unit, limit limit, of func(run) []float64) {
		t.add(compare(what, unit, limit, pair[1].name, runs, of))
	}
	add("start of the process to its answer to Handshake", seconds, limit{less: 100}, starts)
	add("round trip of Analyze, the mean of 1,000 resources", seconds, limit{less: 3, allowed: 0.4}, trip(""))
	add("AnalyzeStack of 1,000 resources", seconds, limit{}, stacks)
	add("peak memory at 1,000 resources", megabytes, limit{}, memory)
	t.add(row{
		what: "size of what is installed, without Node", unit: megabytes, limit: limit{less: 4}, than: pair[1].name,
		ours: []float64{pair[0].size(b)}, theirs: []float64{pair[1].size(b)},
	})
}

// A run is what one pack took for the run of a stack, in seconds and bytes, and
// a result that of two.
type (
	run struct {
		starts []float64
		trips  map[string][]float64 // of Analyze, by the class of the resource
		stacks []float64
		memory float64
	}
	result [2]run
)

func compare(what string, unit unit, limit limit, than string, runs []result, of func(run) []float64) row {
	r := row{what: what, unit: unit, limit: limit, than: than}
	for _, pair := range runs {
		r.ours, r.theirs = append(r.ours, of(pair[0])...), append(r.theirs, of(pair[1])...)
	}
	return r
}

func starts(r run) []float64 { return r.starts }
func stacks(r run) []float64 { return r.stacks }
func memory(r run) []float64 { return []float64{r.memory} }

// trip is the mean round trip of Analyze, of a class of resources or of all.
func trip(class string) func(run) []float64 {
	return func(r run) []float64 {
		sum, n := 0.0, 0
		for of, trips := range r.trips {
			if class != "" && class != of {
				continue
			}
			for _, trip := range trips {
				sum += trip
			}
			n += len(trips)
		}
		return []float64{sum / float64(n)}
	}
}

// measure sends the run of a stack to new processes of both packs, one request
// to the one and then to the other; who goes first changes too.
func measure(b *testing.B, packs [2]pack, stack []largestack.Resource) (runs result) {
	b.Helper()
	const starts, stacks = 9, 3 // the last start is that of the run
	ctx, engine := b.Context(), wire.Engine(b)
	turns := func(i int, call func(n int)) {
		call(i % 2)
		call(1 - i%2)
	}
	var plugins [2]*wire.Plugin
	for i := range starts {
		turns(i, func(n int) {
			if plugins[n] != nil {
				end(b, plugins[n])
			}
			plugins[n] = start(b, packs[n], engine)
			runs[n].starts = append(runs[n].starts, plugins[n].Ready.Seconds())
		})
	}
	for n, p := range plugins {
		configure(b, p)
		runs[n].trips = map[string][]float64{}
	}
	for i, r := range stack {
		turns(i, func(n int) {
			took(b, func() error { _, err := plugins[n].Remediate(ctx, r.Remediate); return err })
			trip := took(b, func() error { _, err := plugins[n].Analyze(ctx, r.Analyze); return err })
			runs[n].trips[r.Class()] = append(runs[n].trips[r.Class()], trip)
		})
	}
	for i := range stacks {
		turns(i, func(n int) {
			runs[n].stacks = append(runs[n].stacks, analyzeStack(b, plugins[n], stack))
			if i == 0 { // an engine asks once
				runs[n].memory = float64(plugins[n].PeakMemory())
			}
		})
	}
	for _, p := range plugins {
		end(b, p)
	}
	return runs
}

func took(b *testing.B, call func() error) float64 {
	b.Helper()
	start := time.Now()
	if err := call(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start).Seconds()
}

func start(b *testing.B, p pack, engine string) *wire.Plugin {
	b.Helper()
	return wire.StartCommand(b, p.command(engine), engine)
}

func configure(b *testing.B, p *wire.Plugin) {
	b.Helper()
	_, err := p.ConfigureStack(b.Context(), &pulumirpc.AnalyzerStackConfigureRequest{
		Organization: "acme", Project: harness.Project, Stack: harness.StackName, Config: map[string]string{"aws:region": "us-east-1"},
	})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := p.Configure(b.Context(), &pulumirpc.ConfigureAnalyzerRequest{}); err != nil {
		b.Fatal(err)
	}
}

func analyzeStack(b *testing.B, p *wire.Plugin, stack []largestack.Resource) float64 {
	b.Helper()
	all := &pulumirpc.AnalyzeStackRequest{}
	for _, r := range stack {
		all.Resources = append(all.Resources, r.AnalyzeStack)
	}
	return took(b, func() error { _, err := p.AnalyzeStack(b.Context(), all); return err })
}

// end ends a pack, as the engine does one that does not know of Cancel.
func end(b *testing.B, p *wire.Plugin) {
	b.Helper()
	if _, err := p.Cancel(b.Context(), &emptypb.Empty{}); status.Code(err) == codes.Unimplemented {
		p.Signal(os.Kill)
	} else if err != nil {
		b.Fatal(err)
	}
	p.WaitEnd()
}
