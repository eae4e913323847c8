package settlement

// Settings is what settlement reads of its environment.
type Settings struct {
	ProfilesTable  string `env:"PROFILES_TABLE"`
	ReferralsTable string `env:"REFERRALS_TABLE"`
	LedgerTable    string `env:"LEDGER_TABLE"`
	CatalogTable   string `env:"CATALOG_TABLE"`
	DueTable       string `env:"DUE_TABLE"`
	LettersTable   string `env:"DEAD_LETTERS_TABLE"`
	Queue          string `env:"SETTLEMENT_QUEUE_URL"`
}
