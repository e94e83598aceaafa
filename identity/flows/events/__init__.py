"""Events on their way to webhooks: who hears of them, who is asked, how they are delivered."""
