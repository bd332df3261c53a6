package main

import (
	"bufio"
	"compress/gzip"
	"os"
)

// sample chooses the cases to record: every case that adds to the number of times a feature, a verdict or a known
// disagreement has been seen, as long as that is few times, and some of the rest.
type sample struct {
	results []*Result
	seen    map[string]int
	passed  int
}

const (
	timesSeen = 5 // each feature of each verdict, at least, where there are as many
	everyNth  = 1000
)

// consider adds the result if it is worth recording.
func (s *sample) consider(r *Result) {
	if s.seen == nil {
		s.seen = map[string]int{}
	}
	var rare bool
	for _, f := range append(r.features(), r.Known...) {
		if f += ": " + r.Verdict; s.seen[f] < timesSeen {
			s.seen[f]++
			rare = true
		}
	}
	if s.passed++; rare || s.passed%everyNth == 0 {
		s.results = append(s.results, r)
	}
}

// write stores the sample as compressed lines of JSON.
func (s *sample) write(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	compressed, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		return err
	}
	lines := bufio.NewWriter(compressed)
	for _, r := range s.results {
		line, err := encode(r)
		if err != nil {
			return err
		}
		lines.Write(append(line, '\n')) // the writer keeps the error
	}
	if err := lines.Flush(); err != nil {
		return err
	}
	if err := compressed.Close(); err != nil {
		return err
	}
	return file.Close()
}
