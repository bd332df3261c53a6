package foresight

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"dynamoguard/internal/resource"
)

// alphabets are the characters of what AWS makes up, by how a template names them.
var alphabets = map[string]string{
	"hex":   "0123456789abcdef",
	"lower": "0123456789abcdefghijklmnopqrstuvwxyz",
	"upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", // those of base 32
	"mixed": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
}

// madeUp returns a text of a shape, always the same one for a resource, so that its outputs agree with each other and one run with
// the next:
//
//	uuid    a random UUID
//	time    when something was created, 1970-04-07T13:02:59.482, in a year that nothing in AWS is of
//	hex 17  as many characters of an alphabet
func madeUp(urn resource.URN, shape string) string {
	sum := sha256.Sum256([]byte(shape + " of " + string(urn)))
	switch shape {
	case "uuid":
		sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80 // version 4: RFC 9562
		h := hex.EncodeToString(sum[:16])
		return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
	case "time":
		const year = 365 * 24 * time.Hour
		since := time.Duration(binary.BigEndian.Uint64(sum[:]) % uint64(year))
		return time.Unix(0, 0).UTC().Add(since).Format("2006-01-02T15:04:05.000")
	}
	name, length, _ := strings.Cut(shape, " ")
	n, _ := strconv.Atoi(length)
	alphabet := alphabets[name]
	text := make([]byte, n) // no more than there are bytes in sum
	for i := range text {
		text[i] = alphabet[int(sum[i])%len(alphabet)]
	}
	return string(text)
}

// StandIns are the texts that stand in for what AWS will make up, in the order in which they were added. They are found in a text by
// what they end with, which is made up and so of few of them, while most begin alike: each string of a stack is searched for those of
// all its resources. It is not safe for concurrent use.
type StandIns struct {
	all   []string
	byEnd map[string][]string
}

// standInEnd is how many bytes of its end a stand-in is found by. AWS makes up nothing as short.
const standInEnd = 8

// Add adds a text, once, unless it is shorter than anything that AWS makes up.
func (s *StandIns) Add(text string) {
	if len(text) < standInEnd {
		return
	}
	end := text[len(text)-standInEnd:]
	if slices.Contains(s.byEnd[end], text) {
		return
	}
	if s.byEnd == nil {
		s.byEnd = map[string][]string{}
	}
	s.byEnd[end] = append(s.byEnd[end], text)
	s.all = append(s.all, text)
}

// All returns the texts. They are not to be changed.
func (s *StandIns) All() []string { return s.all }

// In tells whether a text holds one of them.
func (s *StandIns) In(text string) bool {
	for end := standInEnd; end <= len(text); end++ {
		for _, standIn := range s.byEnd[text[end-standInEnd:end]] {
			if strings.HasSuffix(text[:end], standIn) {
				return true
			}
		}
	}
	return false
}
