package main

import (
	"bufio"
	"compress/gzip"
	"os"
)

// sample chooses the cases or questions to record: every one that adds to the number of times a feature, a verdict or a known
// disagreement has been seen, as long as that is few times, and some of the rest.
type sample struct {
	chosen []any
	seen   map[string]int
	passed int
}

const (
	timesSeen = 5 // each feature of each verdict, at least, where there are as many
	everyNth  = 1000
)

// consider adds what has these features and this outcome if it is worth recording.
func (s *sample) consider(features, known []string, outcome string, it any) {
	if s.seen == nil {
		s.seen = map[string]int{}
	}
	var rare bool
	for _, f := range append(features, known...) {
		if f += ": " + outcome; s.seen[f] < timesSeen {
			s.seen[f]++
			rare = true
		}
	}
	if s.passed++; rare || s.passed%everyNth == 0 {
		s.chosen = append(s.chosen, it)
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
	for _, one := range s.chosen {
		line, err := encode(one)
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
