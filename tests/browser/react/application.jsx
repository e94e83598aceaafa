// An application as somebody writes it who reads the SDK's README; window.application is what the test has set up.
import { FusionAuthProvider, useFusionAuth } from "@fusionauth/react-sdk";
import React, { useState } from "react";
import { createRoot } from "react-dom/client";

function Person() {
  const { isLoggedIn, userInfo, error, startLogin, startRegister, startLogout } = useFusionAuth();
  if (!isLoggedIn) {
    return (
      <>
        <p role="status">Nobody is signed in</p>
        <button onClick={() => startLogin("from the login button")}>Sign in</button>
        <button onClick={() => startRegister("from the register button")}>Register</button>
      </>
    );
  }
  return (
    <>
      <p role="status">{error ? String(error) : userInfo ? `Signed in as ${userInfo.email}` : "Signed in"}</p>
      <button onClick={() => startLogout()}>Sign out</button>
    </>
  );
}

function Application() {
  const [returned, setReturned] = useState("");
  const [failure, setFailure] = useState("");
  return (
    <FusionAuthProvider
      {...window.application}
      scope="openid offline_access email"
      shouldAutoFetchUserInfo
      shouldAutoRefresh
      onRedirect={setReturned}
      onAutoRefreshFailure={(error) => setFailure(String(error))}
    >
      <main>
        <h1>React application</h1>
        <Person />
        <p id="returned">{returned}</p>
        <p role="alert">{failure}</p>
      </main>
    </FusionAuthProvider>
  );
}

createRoot(document.getElementById("root")).render(<Application />);
