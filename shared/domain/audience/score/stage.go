package score

// The stages of a shop's relation with somebody: they came, looked at something, ordered, came back after their order, ordered again, brought somebody, or are gone.
const (
	Acquire    = "acquire"
	Activate   = "activate"
	Convert    = "convert"
	Retain     = "retain"
	Repurchase = "repurchase"
	Refer      = "refer"
	Churn      = "churn"
)

// Stages lists them in the order in which people go through them.
func Stages() []string {
	return []string{Acquire, Activate, Convert, Retain, Repurchase, Refer, Churn}
}

// stage is the furthest one that somebody has reached, or churn once nothing was heard of them for as long as the lifecycle has it.
func stage(f Facts, lifecycle string) string {
	switch {
	case lifecycle == Churned:
		return Churn
	case f.Referred:
		return Refer
	case f.F >= 2:
		return Repurchase
	case f.F == 1 && f.SinceLast < f.R:
		return Retain
	case f.F == 1:
		return Convert
	case f.Explored:
		return Activate
	}
	return Acquire
}
