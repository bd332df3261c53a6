package analyzer

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/text"
)

// TestResponseSize: whatever is found, a response has a size that the engine takes, and what is left out stops what it would.
func TestResponseSize(t *testing.T) {
	strict, lenient := &policy.Policy{Name: "strict"}, &policy.Policy{Name: "lenient"}
	found := func(p *policy.Policy, level policy.Level, urn, wrong string) policy.Judgement {
		return policy.Judgement{
			Policy: p, URN: resource.URN(urn), Level: level, Outcome: policy.Failed, Findings: []policy.Finding{{Wrong: wrong, Remedy: "mend it"}},
		}
	}
	short := found(lenient, policy.Advisory, "u", "a")
	long := found(lenient, policy.Advisory, "long", strings.Repeat("b", 2*text.MaxMessage))
	stops := found(strict, policy.Mandatory, "stops", "c")
	const most = 2 * text.MaxMessage
	for _, c := range []struct {
		name       string
		judgements []policy.Judgement
		notices    []engine.Notice
		want       []string // policy level URN: message, a long one cut
	}{
		{"nothing", nil, nil, nil},
		{"little", []policy.Judgement{short, stops}, nil, []string{"lenient ADVISORY u: a; mend it. SOC 2: ", "strict MANDATORY stops: c; mend it. SOC 2: "}},
		{"too much", []policy.Judgement{long, long, short}, nil, []string{
			"lenient ADVISORY long: bb...", "lenient ADVISORY long: 2 findings more are not shown, since the engine takes no larger answer; the first is: bb...",
		}},
		{"too much, the last of it worse", []policy.Judgement{long, long, stops}, nil, []string{
			"lenient ADVISORY long: bb...",
			"strict MANDATORY stops: 2 findings more are not shown, since the engine takes no larger answer; the first is: c; mend it. SOC 2: ",
		}},
		{"too much, a notice", []policy.Judgement{long}, []engine.Notice{{Policy: strict, URN: "root", Notice: policy.Notice{Text: strings.Repeat("b", most)}}}, []string{
			"lenient ADVISORY long: bb...", "strict ADVISORY root: 1 finding more is not shown, since the engine takes no larger answer; the first is: bb...",
		}},
		{"a URN that is none", []policy.Judgement{found(strict, policy.Mandatory, strings.Repeat("u", 2*most), "c")}, nil,
			[]string{"strict MANDATORY " + strings.Repeat("u", text.MaxMessage) + ": c; mend it. SOC 2: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := NewServer(engine.New([]*policy.Policy{{Name: policy.PackPolicy, Config: policy.PackSettings{}}}, time.Now), "1.2.3", func() {})
			s.most = most
			response := s.respond(c.judgements, policy.AtOnce(c.judgements), c.notices)
			var got []string
			for _, d := range response.Diagnostics {
				message := d.Message
				if i := strings.Index(message, "bbb"); i >= 0 {
					message = message[:i] + "bb..."
				}
				got = append(got, fmt.Sprintf("%s %s %s: %s", d.PolicyName, d.EnforcementLevel, d.Urn, message))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if size := proto.Size(response); size > most+2*text.MaxMessage {
				t.Errorf("%d bytes", size)
			}
		})
	}
}

// TestReasonSize: so has a reason.
func TestReasonSize(t *testing.T) {
	p := &policy.Policy{Name: "p"}
	s := NewServer(engine.New([]*policy.Policy{{Name: policy.PackPolicy, Config: policy.PackSettings{}}}, time.Now), "1.2.3", func() {})
	reason := strings.Repeat("a", 2*text.MaxMessage)
	response := s.respond([]policy.Judgement{{Policy: p, Outcome: policy.NotApplicable, Reason: reason}}, nil, nil)
	if got := response.NotApplicable[0].Reason; got != text.Message(reason) {
		t.Errorf("a reason of %d bytes", len(got))
	}
}
