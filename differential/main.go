// Command differential compares package iam with an independent evaluator of IAM policies on random requests and documents.
//
//	cd differential/oracle && npm ci
//	go run ./differential -n 200000 -seed 1
//
// The evaluator, npm's @cloud-copilot/iam-simulate, runs as a process of its own. It differs from AWS's documentation in
// some points; known.go lists them, each with the page that decides. A disagreement that none of them explains is printed
// and makes the command fail.
//
// With -record it also writes a sample of the cases, which the test of this package replays without the evaluator.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"slices"
	"time"
)

func main() {
	log.SetFlags(0)
	var (
		n      = flag.Int("n", 200_000, "number of cases")
		seed   = flag.Uint64("seed", 1, "seed of the cases")
		first  = flag.Int("first", 0, "number of the first case: a single case can be repeated with -n 1")
		dir    = flag.String("oracle", "differential/oracle", "folder of the evaluator")
		record = flag.String("record", "", "file to write a sample of the cases to")
		show   = flag.Int("show", 3, "examples to print of each unexplained disagreement")
	)
	flag.Parse()
	failed, err := run(os.Stdout, *dir, *seed, *first, *n, *show, *record)
	if err != nil {
		log.Fatal(err)
	}
	if failed {
		os.Exit(1)
	}
}

// run compares n cases in batches and reports whether a disagreement is unexplained.
func run(out io.Writer, dir string, seed uint64, first, n, show int, record string) (failed bool, err error) {
	const batch = 5000
	oracle, err := StartOracle(dir)
	if err != nil {
		return false, err
	}
	var (
		started = time.Now()
		total   = newTally()
		chosen  sample
	)
	for at := first; at < first+n; at += batch {
		cases := make([]*Case, min(batch, first+n-at))
		for i := range cases {
			cases[i] = Generate(seed, uint64(at+i))
		}
		results, err := Compare(cases, Ours, oracle.Judge)
		if err != nil {
			return false, err
		}
		for _, r := range results {
			total.add(r)
			if record != "" {
				chosen.consider(r)
			}
		}
	}
	if err := total.shrink(show, Ours, oracle.Judge); err != nil {
		return false, err
	}
	if err := oracle.Close(); err != nil {
		return false, err
	}
	total.print(out)
	fmt.Fprintf(out, "%d cases of seed %d in %s\n", n, seed, time.Since(started).Round(time.Second))
	if record != "" && !total.failed() {
		err = chosen.write(record)
	}
	return total.failed(), err
}

// tally counts results by verdict and by what explains a disagreement.
type tally struct {
	verdicts    map[string]int
	known       map[string]int
	features    map[string]int
	unexplained map[string][]*Result // by how the verdicts differ
	counts      map[string]int       // of unexplained, before most were left out
}

func newTally() *tally {
	return &tally{map[string]int{}, map[string]int{}, map[string]int{}, map[string][]*Result{}, map[string]int{}}
}

func (t *tally) add(r *Result) {
	t.verdicts[r.Verdict]++
	for _, f := range r.features() {
		t.features[f]++
	}
	for _, k := range r.Known {
		t.known[k]++
	}
	if r.unexplained {
		how := fmt.Sprintf("%s, oracle %s", r.Verdict, r.Oracle)
		if r.Defect != "" {
			how += ", where IAM refuses a document: " + r.Defect
		}
		t.unexplained[how] = append(t.unexplained[how], r)
	}
}

func (t *tally) failed() bool { return len(t.unexplained) > 0 }

// shrink keeps a few of each kind of unexplained result, made small.
func (t *tally) shrink(show int, ours, oracle judge) error {
	for how, results := range t.unexplained {
		t.counts[how] = len(results)
		t.unexplained[how] = results[:min(show, len(results))]
		for i, r := range t.unexplained[how] {
			smaller, err := Shrink(r, ours, oracle)
			if err != nil {
				return err
			}
			t.unexplained[how][i] = smaller
		}
	}
	return nil
}

func (t *tally) print(out io.Writer) {
	fmt.Fprintln(out, "Verdicts:")
	printCounts(out, t.verdicts)
	fmt.Fprintln(out, "Cases with:")
	printCounts(out, t.features)
	fmt.Fprintln(out, "Disagreements that the documentation decides:")
	printCounts(out, t.known)
	for _, how := range slices.Sorted(maps.Keys(t.unexplained)) {
		fmt.Fprintf(out, "Unexplained: %d %s\n", t.counts[how], how)
		for _, r := range t.unexplained[how] {
			fmt.Fprintf(out, "  %s\n", r.Case.Line())
			if r.detail != "" {
				fmt.Fprintf(out, "    %s\n", r.detail)
			}
		}
	}
}

func printCounts(out io.Writer, counts map[string]int) {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b))
	})
	for _, k := range keys {
		fmt.Fprintf(out, "%8d %s\n", counts[k], k)
	}
}
