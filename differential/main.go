// Command differential compares package iam with an independent evaluator of IAM policies on random requests and documents.
//
//	cd differential/oracle && npm ci
//	go run ./differential -n 200000 -documents 100000 -matrix 200 -seed 1
//
// The cases ask for a verdict. The documents are asked what the policies of this pack ask of them: which actions does a wildcard
// open, is every table open, does a condition on items confine it, is a sensitive action open? A yes must be shown by requests that
// the evaluator allows, but for one in some hundreds of documents, and no request may contradict a no. The matrices are those of
// package report, of stacks with principals, tables and policies of all kinds: each cell must be what the evaluator allows of all
// requests for the actions of its kind on what belongs to its table.
//
// The evaluator, npm's @cloud-copilot/iam-simulate, runs as a process of its own. It differs from AWS's documentation in
// some points; known.go lists them, each with the page that decides. A disagreement that none of them explains is printed
// and makes the command fail.
//
// With -record it also writes a sample of the cases, and the matrices, which the test of this package replays without the evaluator.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	log.SetFlags(0)
	var (
		n         = flag.Int("n", 200_000, "number of cases")
		documents = flag.Int("documents", 100_000, "number of documents")
		worlds    = flag.Int("matrix", 200, "number of access matrices")
		seed      = flag.Uint64("seed", 1, "seed of the cases, documents and matrices")
		first     = flag.Int("first", 0, "number of the first: a single one can be repeated with -n 1, -documents 1 or -matrix 1, and 0 of the others")
		dir       = flag.String("oracle", "differential/oracle", "folder of the evaluator")
		record    = flag.String("record", "", "folder to write a sample of the cases and of the questions, and the matrices, to")
		show      = flag.Int("show", 3, "examples to print of each unexplained disagreement")
	)
	flag.Parse()
	oracle, err := StartOracles(*dir)
	if err != nil {
		log.Fatal(err)
	}
	r := runner{os.Stdout, oracle.Judge, *seed, *first, *show, *record}
	cases, err := r.cases(*n)
	if err != nil {
		log.Fatal(err)
	}
	questions, err := r.questions(*documents)
	if err != nil {
		log.Fatal(err)
	}
	matrices, err := r.matrices(*worlds)
	if err := errors.Join(err, oracle.Close()); err != nil {
		log.Fatal(err)
	}
	if cases || questions || matrices {
		os.Exit(1)
	}
}

// runner runs comparisons.
type runner struct {
	out         io.Writer
	oracle      judge
	seed        uint64
	first, show int
	record      string // a folder, "" for none
}

const batch = 5000 // cases that are asked at once

// cases compares the verdicts on n cases and reports whether a disagreement is unexplained.
func (r *runner) cases(n int) (failed bool, err error) {
	var (
		started = time.Now()
		total   = newTally()
		chosen  sample
	)
	for at := r.first; at < r.first+n; at += batch {
		cases := make([]*Case, min(batch, r.first+n-at))
		for i := range cases {
			cases[i] = Generate(r.seed, uint64(at+i))
		}
		results, err := Compare(cases, Ours, r.oracle)
		if err != nil {
			return false, err
		}
		for _, result := range results {
			total.add(result)
			chosen.consider(result.features(), result.Known, result.Verdict, result)
		}
	}
	if err := total.shrink(r.show, Ours, r.oracle); err != nil {
		return false, err
	}
	total.print(r.out)
	fmt.Fprintf(r.out, "%d cases of seed %d in %s\n\n", n, r.seed, time.Since(started).Round(time.Second))
	if r.record != "" && n > 0 && !total.failed() {
		err = chosen.write(filepath.Join(r.record, "cases.jsonl.gz"))
	}
	return total.failed(), err
}

// questions asks what the policies ask of n documents and reports whether a request contradicts an answer, or more of them than
// chance may leave are without one that shows them.
func (r *runner) questions(n int) (failed bool, err error) {
	const documents = 1000 // asked at once
	var (
		started = time.Now()
		counts  = map[string]int{}
		known   = map[string]int{}
		wrong   = map[string][]*Ask{} // which a request contradicts
		unseen  = map[string][]*Ask{} // yes, and no request shows it
		chosen  sample
	)
	for at := r.first; at < r.first+n; at += documents {
		var asks []*Ask
		for i := range min(documents, r.first+n-at) {
			asks = append(asks, GenerateAsks(r.seed, uint64(at+i))...)
		}
		if err := Question(asks, Ours, r.oracle); err != nil {
			return false, err
		}
		for _, a := range asks {
			counts[a.answer()]++
			for _, k := range a.Known {
				known[k]++
			}
			switch {
			case a.unexplained && a.shown != nil:
				wrong[a.answer()] = append(wrong[a.answer()], a)
				continue
			case a.unexplained:
				unseen[a.answer()] = append(unseen[a.answer()], a)
				continue
			}
			chosen.consider(a.features(), slices.Concat(a.Known, a.Decided), a.answer(), a)
		}
	}
	fmt.Fprintln(r.out, "Questions, and what package iam answers:")
	printCounts(r.out, counts)
	fmt.Fprintln(r.out, "Answers that requests do not bear out, and why:")
	printCounts(r.out, known)
	missed := 0
	for _, how := range slices.Sorted(maps.Keys(unseen)) {
		missed += len(unseen[how])
		fmt.Fprintf(r.out, "Not shown, and nothing says why: %d %s\n", len(unseen[how]), how)
		if err := r.examples(unseen[how]); err != nil {
			return false, err
		}
	}
	for _, how := range slices.Sorted(maps.Keys(wrong)) {
		fmt.Fprintf(r.out, "Unexplained: %d %s\n", len(wrong[how]), how)
		if err := r.examples(wrong[how]); err != nil {
			return false, err
		}
	}
	fmt.Fprintf(r.out, "%d documents of seed %d in %s\n", n, r.seed, time.Since(started).Round(time.Second))
	failed = len(wrong) > 0 || missed > 1+n/mostUnseen
	if r.record != "" && n > 0 && !failed {
		err = chosen.write(filepath.Join(r.record, "questions.jsonl.gz"))
	}
	return failed, err
}

// mostUnseen is of how many documents one yes may go without a request that shows it and without a reason for that: requests are drawn
// at random, and some documents take one that is not.
const mostUnseen = 500

// examples prints some questions, each with a request that contradicts the answer where there is one.
func (r *runner) examples(of []*Ask) error {
	for _, a := range of[:min(r.show, len(of))] {
		line, err := encode(a)
		if err != nil {
			return err
		}
		fmt.Fprintf(r.out, "  %s\n", line)
		for _, c := range a.shown[:min(1, len(a.shown))] {
			fmt.Fprintf(r.out, "    %s, oracle %s, and %d more: %s\n", c.Verdict, c.Oracle, len(a.shown)-1, c.Case.Line())
		}
	}
	return nil
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
