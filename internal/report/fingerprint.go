package report

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// fingerprint tells a finding from others, in this report and in those of other runs. n counts those before it that are in the same place.
func fingerprint(f *Finding, n int) string {
	h := sha256.New()
	for _, part := range []string{f.Policy, string(f.URN), f.Path} {
		_, _ = h.Write(append([]byte(part), 0))
	}
	_, _ = h.Write([]byte(strconv.Itoa(n)))
	return hex.EncodeToString(h.Sum(nil)[:16])
}
