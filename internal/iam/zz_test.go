package iam
import ("testing";"time";"fmt";"sort")
func TestZZ(t *testing.T){ var names []string; h:=hostile(5<<20); for n:=range h{names=append(names,n)}; sort.Strings(names)
 for _,n:=range names { best:=time.Hour; for i:=0;i<4;i++{ s:=time.Now(); d:=Parse(h[n],Identity); d.WildcardActions(WildcardOptions{}); d.UnscopedResources(); d.ItemConditions(); d.SensitiveActions(); if e:=time.Since(s);e<best{best=e}}; fmt.Printf("%-12s %v\n",n,best)}}
