-- Links that somebody made for themselves, by an account that they proved: nobody else vouches for the account's address.
ALTER TABLE links ADD COLUMN vouched boolean NOT NULL DEFAULT true;
