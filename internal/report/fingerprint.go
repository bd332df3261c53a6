package report

import (
	"crypto/sha256"
	"encoding/hex"
)

// fingerprint tells a finding from others, in this report and in those of other runs.
func fingerprint(f *Finding) string {
	h := sha256.New()
	for _, part := range []string{f.Policy, string(f.URN), f.Path} {
		_, _ = h.Write(append([]byte(part), 0))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
